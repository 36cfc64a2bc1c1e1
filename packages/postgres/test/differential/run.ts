import { inspect } from 'node:util'
import type { Postgres } from '../../src/index.js'
import type { PrismaClient } from '../../src/schema/prisma.js'
import { type Action, BULK, type Call, CallMaker, READS } from './calls.js'
import { Choice } from './choice.js'
import { make, WayCounter } from './clients.js'
import { masked, type Outcome, outcomeOf } from './outcome.js'
import { type Row, RowMaker, type Stored } from './rows.js'
import { modelsOf, type SchemaModel, scalarsOf } from './schema.js'

/** The clients that are compared. Each of the first two has a database of its own, filled alike. */
export interface Contenders {
  /** On one database: with compiled calls, without them, and a stock one. */
  readonly on: Postgres
  readonly offBeside: Postgres
  readonly stockBeside: PrismaClient | undefined
  /** On the other one, for what writes. */
  readonly off: Postgres
  /** A person, whose reads are compared as well: with compiled calls, and without them. */
  readonly personOf?: (stored: Stored) => { readonly on: PrismaClient; readonly offBeside: PrismaClient }
}

export interface Report {
  /** What differed, with the call. */
  readonly differences: string[]
  calls: number
  refused: number
  /** Calls that Prisma accepts, after the first of their shape: all, and those that were compiled, by what they are. */
  readonly ways: Map<string, { all: number; compiled: number }>
}

const ROWS = 9

const withoutMoments = (row: Row): string => inspect(Object.values(row).filter((value) => !(value instanceof Date)))

/** Fills all tables of both databases with the same rows, by Prisma's way. */
async function fill(
  { off, offBeside }: Contenders,
  random: () => number,
): Promise<{ models: ReadonlyMap<string, SchemaModel>; rows: RowMaker; stored: Stored }> {
  const models = modelsOf(off.prisma)
  const rows = new RowMaker(models, new Choice(random))
  const stored = new Map<string, readonly Row[]>()
  for (const model of rows.inOrder()) {
    // What the database would make itself is the same in both.
    const made = scalarsOf(model).filter(({ hasDefault, type }) => hasDefault && type === 'DateTime')
    const data = Array.from({ length: ROWS }, (_, nth) => ({
      ...Object.fromEntries(made.map(({ name }) => [name, new Date(1.7e12 + nth)])),
      ...rows.row(model, stored),
    }))
    const create: Call = { model, action: 'createMany', args: { data, skipDuplicates: true } }
    const [own, beside] = await Promise.all(
      [off, offBeside].map(async ({ prisma }) => {
        await make(create, prisma)
        return (await make({ model, action: 'findMany', args: {} }, prisma)) as Row[]
      }),
    )
    // A long run leaves rows whose ids each database has made: what refers to them would fit into one of the two.
    const found = new Set(beside?.map(withoutMoments))
    stored.set(model.name, own?.filter((row) => found.has(withoutMoments(row))) ?? [])
  }
  return { models, rows, stored }
}

/** What the steps of one comparison share. */
interface Running {
  readonly choice: Choice
  readonly report: Report
  readonly counter: WayCounter
  /** Whatever is made later is made by the database, or by Prisma. */
  readonly since: Date
  readonly stored: Stored
}

/** Makes one random call after another, as long as there is to be another one, and notes what differs. */
export async function compare(contenders: Contenders, random: () => number, next: () => boolean): Promise<Report> {
  const since = new Date()
  const choice = new Choice(random)
  const { models, rows, stored } = await fill(contenders, random)
  const calls = new CallMaker(models, rows, choice, stored)
  const report: Report = { differences: [], calls: 0, refused: 0, ways: new Map() }
  const counter = new WayCounter(contenders.on)
  const running = { choice, report, counter, since, stored }
  const all = [...models.values()]
  while (next()) {
    const model = all[report.calls % all.length] as SchemaModel
    const action = choice.of<Action>(choice.chance(0.75) ? READS : BULK)
    const call = calls.call(model, action)
    report.calls += 1
    const isRead = (READS as readonly string[]).includes(action)
    const outcome = isRead ? await read(contenders, call, running) : await write(contenders, call, running)
    if (outcome.error) report.refused += 1
  }
  return report
}

async function read(
  { on, offBeside, stockBeside, personOf }: Contenders,
  call: Call,
  { choice, report, counter, stored }: Running,
): Promise<Outcome> {
  const person = choice.chance(0.2) ? personOf?.(stored) : undefined
  const inTransaction = choice.chance(0.1)
  const by = (prisma: PrismaClient): Promise<Outcome> =>
    outcomeOf(() => (inTransaction ? prisma.$transaction((tx) => make(call, tx)) : make(call, prisma)))
  const [compiled, plain] = person ? [person.on, person.offBeside] : [on.prisma, offBeside.prisma]
  const wanted = await by(plain)
  const first = await by(compiled)
  counter.since()
  const second = await by(compiled)
  if (!isRefusedByPrisma(wanted) && !inTransaction && !person) note(report, call, counter)
  expectSame(report, call, wanted, first, 'the first time')
  expectSame(report, call, wanted, second, 'the second time')
  if (stockBeside && !person) {
    const stock = await outcomeOf(() => make(call, stockBeside))
    if (!isMeantToDiffer(wanted))
      expectSame(report, call, withoutDetail(stock), withoutDetail(wanted), 'beside stock Prisma')
  }
  return wanted
}

/** What a call changes is looked at from within its transaction, which then may not be kept. */
class NotKept extends Error {}

async function write(
  { on, off }: Contenders,
  call: Call,
  { choice, report, counter, since }: Running,
): Promise<Outcome> {
  const way = choice.below(3)
  const isKept = choice.chance(0.3) && call.action !== 'deleteMany'
  const order = (call.model.keys[0] ?? []).map((name) => ({ [name]: 'asc' }))
  const state = { model: call.model, action: 'findMany', args: { orderBy: order } } as const
  const by = async (postgres: Postgres): Promise<readonly [Outcome, Outcome]> => {
    const { prisma } = postgres
    if (way === 0 && isKept)
      return [await outcomeOf(() => make(call, prisma)), await outcomeOf(() => make(state, prisma))]
    let within: Outcome = { value: undefined, error: undefined }
    const result = await outcomeOf(async () => {
      if (way === 1) return prisma.$transaction([make(call, prisma), prisma.$queryRaw`SELECT 1 AS one`] as never)
      let answer: unknown
      await prisma
        .$transaction(async (tx) => {
          answer = await make(call, tx)
          within = await outcomeOf(() => make(state, tx))
          if (!isKept) throw new NotKept()
        })
        .catch((error: unknown) => {
          if (!(error instanceof NotKept)) throw error
        })
      return answer
    })
    return [result, way === 1 ? await outcomeOf(() => make(state, prisma)) : within]
  }
  counter.since()
  const [answer, after] = await by(on)
  if (!isRefusedByPrisma(answer) && call.action.startsWith('create') && (call.args['data'] as unknown[]).length > 1)
    note(report, call, counter)
  const [wanted, wantedAfter] = await by(off)
  const isInteractive = way === 2 || (way === 0 && !isKept)
  const seen = (outcome: Outcome): Outcome => {
    const shown = maskedOutcome(outcome, since)
    const isAny = (isInteractive && hasSeveralSets(call)) || (isOfManyRows(call) && VIOLATIONS.has(shown.error?.code))
    return isAny ? anyViolation(shown) : shown
  }
  expectSame(report, call, seen(wanted), seen(answer), `its answer, way ${way}`)
  expectSame(
    report,
    call,
    sorted(maskedOutcome(wantedAfter, since)),
    sorted(maskedOutcome(after, since)),
    `its table, way ${way}`,
  )
  return wanted
}

function expectSame(report: Report, call: Call, wanted: Outcome, seen: Outcome, when: string): void {
  const [one, other] = [JSON.stringify(wanted), JSON.stringify(seen)]
  if (one === other) return
  const from = Math.max(0, [...one].findIndex((_, index) => one[index] !== other[index]) - 80)
  const lines = [`wanted ...${one.slice(from, from + 400)}`, `seen   ...${other.slice(from, from + 400)}`]
  report.differences.push(
    [`${call.model.property}.${call.action} ${when}`, inOneLine(call.args), ...lines].join('\n  '),
  )
}

const inOneLine = (args: unknown): string =>
  JSON.stringify(args, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)).slice(0, 1500)

/** Counts whether a call was compiled, which is not the first of its shape. */
function note({ ways }: Report, { model, action }: Call, counter: WayCounter): void {
  const { hits, misses } = counter.since()
  if (misses > 0) return
  for (const name of [model.name, action, 'all']) {
    const way = ways.get(name) ?? { all: 0, compiled: 0 }
    way.all += 1
    if (hits > 0) way.compiled += 1
    ways.set(name, way)
  }
}

/** Before anything was sent: neither is a row that is not there, nor what the server said. */
const isRefusedByPrisma = ({ error }: Outcome): boolean =>
  error !== undefined && error.code !== 'P2025' && !error.meta.includes('driverAdapterError')

/** As docs/reference/differences-from-prisma.md has it. */
const isMeantToDiffer = ({ error }: Outcome): boolean => error?.code?.startsWith('postgres.') === true

/** The server's words hold values, which this client leaves out. */
function withoutDetail({ value, error }: Outcome): Outcome {
  return error ? { value, error: { ...error, meta: '' } } : { value, error }
}

function maskedOutcome({ value, error }: Outcome, since: Date): Outcome {
  return {
    value: value === undefined ? undefined : masked(value, since),
    error: error && { ...error, meta: masked(error.meta, since), message: masked(error.message, since) },
  }
}

/** Rows with made ids come in any order. */
function sorted({ value, error }: Outcome): Outcome {
  return { value: value?.slice(1, -1).split('}, {').map(withoutBraces).sort().join(), error }
}

const withoutBraces = (row: string): string => row.replace(/^\{|\}$/g, '')

/** Whether rows leave different columns to the database: they are inserted set by set. */
function hasSeveralSets({ model, action, args }: Call): boolean {
  if (!action.startsWith('createMany') || !Array.isArray(args['data'])) return false
  const made = scalarsOf(model).filter(({ hasDefault }) => hasDefault)
  const sets = (args['data'] as Row[]).map((row) => made.map(({ name }) => row[name] === undefined).join())
  return new Set(sets).size > 1
}

/**
 * Of several rows that violate different constraints the server names the first that it comes upon: rows lie in another
 * order in the other database.
 */
const isOfManyRows = ({ action }: Call): boolean => action === 'deleteMany' || action.startsWith('updateMany')

/** Codes of violated constraints. */
const VIOLATIONS: ReadonlySet<string | undefined> = new Set(['P2002', 'P2003', 'P2004', 'P2011', 'P2039'])

/**
 * Inside of an interactive transaction, of two rows that violate different constraints the other one may be reported:
 * docs/reference/differences-from-prisma.md.
 */
const anyViolation = ({ value, error }: Outcome): Outcome => ({
  value,
  error: error && {
    name: error.name,
    code: VIOLATIONS.has(error.code) ? 'a violation' : error.code,
    message: '',
    meta: '',
  },
})
