import { toPostgresError } from '../errors/map-error.js'
import type { ClientCall } from '../internals/prisma.js'
import type { DataModel, Model } from './data-model.js'

/** Calls that may search for a row and insert it if there is none. */
const MAY_RACE: ReadonlySet<string> = new Set(['create', 'update', 'upsert'])

/** Whether a call may fail because it searches for a row, and inserts it after another call did. */
export const mayRace = ({ action }: ClientCall): boolean => MAY_RACE.has(action)

/**
 * Whether a call failed because another one inserted a row after this one had searched for it: an upsert, or a
 * connectOrCreate or upsert of a relation. Prisma searches, then inserts, whenever it cannot leave both to the server:
 * with `update: {}`, an `include`, nested writes. The same call, retried, finds the row.
 *
 * True only if the violated key is one by which a row was searched for: with any other, the row is a permanent
 * obstacle.
 */
export function isLostRace(error: unknown, { action, model = '', args }: ClientCall, models: DataModel): boolean {
  const { code, details } = toPostgresError(error)
  const fields = models.get(model)
  if (code !== 'postgres.unique_violation' || details.columns.length === 0 || !fields) return false
  return soughtBy(action === 'upsert' ? { upsert: args } : args, fields, models).some((columns) =>
    details.columns.every((column) => columns.includes(column)),
  )
}

/** The columns of each key by which a row is searched for, and inserted if there is none. */
function soughtBy(value: unknown, fields: Model, models: DataModel): (string | undefined)[][] {
  if (Array.isArray(value)) return value.flatMap((item) => soughtBy(item, fields, models))
  return entriesOf(value).flatMap(([name, item]) => {
    const field = fields.get(name)
    if (field) return soughtBy(item, models.get(field.type) ?? NO_FIELDS, models)
    const isSought = name === 'upsert' || name === 'connectOrCreate'
    const keys = isSought ? [item].flat().map((each) => columnsOf((each as Args | undefined)?.where, fields)) : []
    return [...keys, ...soughtBy(item, fields, models)]
  })
}

const NO_FIELDS: Model = new Map()

interface Args {
  readonly where?: unknown
}

function columnsOf(where: unknown, fields: Model): (string | undefined)[] {
  const names = entriesOf(where).flatMap(([name, value]) => (fields.has(name) ? [name] : Object.keys(Object(value))))
  return names.map((name) => fields.get(name)?.column)
}

const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []
