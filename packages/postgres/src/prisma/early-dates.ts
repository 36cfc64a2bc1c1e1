import { changingQueries, type PgAdapter } from '../internals/prisma.js'

type Query = Parameters<PgAdapter['queryRaw']>[0]

/**
 * Lets the adapter send moments before the year 1, whose year it would write with a minus sign inside: `0-43-03-15`.
 */
export function sendingEarlyDates(adapter: PgAdapter): PgAdapter {
  return changingQueries(adapter, (query) => (query.args.some(isEarly) ? withTexts(query) : query))
}

/** In an argument they are a Date, or an ISO text, whose year then has a sign. */
function isEarly(value: unknown): boolean {
  if (value instanceof Date) return value.getUTCFullYear() < 1
  if (typeof value === 'string') return ISO_BEFORE_YEAR_1.test(value)
  return Array.isArray(value) && value.some(isEarly)
}

const ISO_BEFORE_YEAR_1 = /^(?:-\d{6}|0000)-\d\d-\d\dT/

function withTexts(query: Query): Query {
  const isMoment = query.argTypes.map(
    ({ scalarType }, index) => scalarType === 'datetime' || query.args[index] instanceof Date,
  )
  return {
    ...query,
    args: query.args.map((value, index) => (isMoment[index] ? textsOf(value) : value)),
    argTypes: query.argTypes.map((type, index) => (isMoment[index] ? { ...type, scalarType: 'string' } : type)),
  }
}

function textsOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(textsOf)
  return value instanceof Date || typeof value === 'string' ? earlyDateText(new Date(value)) : value
}

/** Converts a moment before the year 1 to the server's form; any other value is unchanged. */
export function earlyDateText(at: Date): string {
  const year = at.getUTCFullYear()
  const [day = '', time = ''] = at.toISOString().split('T')
  const ofEra = String(year < 1 ? 1 - year : year).padStart(4, '0')
  return `${ofEra}${day.slice(-6)} ${time.slice(0, -1)}${year < 1 ? ' BC' : ''}`
}
