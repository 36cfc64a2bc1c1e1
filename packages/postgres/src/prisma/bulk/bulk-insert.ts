import type { AdapterQuery, QueryAnswer, SendQuery } from '../../internals/prisma.js'
import type { Field, Model } from '../data-model.js'
import type { ColumnTypes } from './column-types.js'
import { type Cell, type PrismaInsert, parseInsert, type Target, unquoted, writeInsert } from './insert-statement.js'
import { Pace } from './pace.js'
import { GENERATORS, type KeySet, type Rows } from './rows.js'
import { TextArray } from './text-array.js'
import { uuidMaker } from './uuid.js'
import { arrayText, bytesText, momentText } from './values.js'

type Row = Rows['rows'][number]
/** Returns the text of a row's value in one column. */
type Source = (row: Row) => string | null

/** The parameters of one statement of Prisma; with more it sends several. */
const MAX_PARAMETERS = 32_766

/** The positions of one statement's rows among all rows, and the types of its columns. */
interface Part {
  readonly indexes: number[]
  /** The field sets of its rows. */
  readonly sets: Set<number>
}

interface Encoded {
  readonly text: string
  readonly values: readonly (Buffer | string | null)[]
  readonly indexes: readonly number[]
}

/** The dependencies of one call. */
export interface BulkInsertOptions {
  readonly model: Model
  readonly types: ColumnTypes
  /** The caller's signal. */
  readonly signal: AbortSignal | undefined
  /** Whether the statement is alone on its connection, so that none of its effects remain after a failure. */
  readonly isAlone: boolean
  /** Whether a failed call leaves no open transaction, so that Prisma may repeat it. */
  readonly isRepeatable: boolean
  /** Called if a table was altered inside a transaction: the next attempt at the transaction uses the new types. */
  readonly onOutdated: () => void
  /** Whether rows of the model may refer to each other: then all of them are sent in one statement, or none. */
  readonly isSelfReferring: boolean
}

/** Thrown if Prisma must execute the call: its statement has an unknown form, or it may report another error. */
export class LeftToPrisma extends Error {
  override readonly name = 'LeftToPrisma'
}

/**
 * One `createMany` in progress. Prisma is called with one row per set of fields, so that its checks, its defaults and
 * its handling of the answer stay its own; its statement is then sent with the values of all rows, as arrays: as fast
 * as COPY, and without a limit on the number of parameters.
 */
export class BulkInsert {
  readonly #rows: Rows
  readonly #options: BulkInsertOptions
  #isTaken = false
  /** Whether its outcome is known; then Prisma must not execute it. */
  isSent = false

  constructor(rows: Rows, options: BulkInsertOptions) {
    this.#rows = rows
    this.#options = options
  }

  /** The rows that are passed to Prisma. */
  get examples(): Row[] {
    return this.#rows.sets.map(({ example }) => example)
  }

  /** Their positions among all rows. */
  get exampleIndexes(): number[] {
    return this.#rows.sets.map(({ index }) => index)
  }

  /** Whether this is the statement to send with all rows: later ones read what they refer to. */
  takes({ sql }: AdapterQuery): boolean {
    if (this.#isTaken || !sql.startsWith('INSERT ')) return false
    this.#isTaken = true
    return true
  }

  /** Sends all rows instead of the examples in `query`. */
  async send(query: AdapterQuery, send: SendQuery): Promise<QueryAnswer> {
    this.isSent = true
    try {
      return await this.#sendAll(query, send)
    } catch (error) {
      if (error instanceof LeftToPrisma) this.isSent = false
      throw error
    }
  }

  async #sendAll(query: AdapterQuery, send: SendQuery): Promise<QueryAnswer> {
    const insert = parseInsert(query.sql)
    if (!insert || insert.rows.length !== this.#rows.sets.length) throw new LeftToPrisma()
    const { types, isAlone, onOutdated } = this.#options
    try {
      return await this.#sendAs(insert, query, send)
    } catch (error) {
      if (!types.forgetIfOutdated(insert.table, error)) throw error
      if (isAlone) return this.#sendAs(insert, query, send)
      onOutdated()
      throw error
    }
  }

  async #sendAs(insert: PrismaInsert, query: AdapterQuery, send: SendQuery): Promise<QueryAnswer> {
    const types = await this.#options.types.of(insert.table, send)
    const isInOrder = insert.tail.startsWith(' ON CONFLICT')
    const parts = this.#partsOf(insert, isInOrder)
    if (parts.length > 1 && this.#options.isSelfReferring) throw new LeftToPrisma()
    const pace = new Pace(this.#options.signal)
    const statements: Encoded[] = []
    for (const part of parts) statements.push(await this.#encode(part, insert, query, types, pace))
    const last = statements.pop()
    if (!last) throw new LeftToPrisma()
    const answer = await send(
      {
        sql: last.text,
        args: [...last.values],
        argTypes: last.values.map(() => ({ arity: 'scalar', scalarType: 'string' })),
      },
      statements.length === 0 ? undefined : statements.map(({ text, values }) => ({ text, values })),
    ).catch((error: unknown) => {
      // Foreign keys are checked at the end of each statement: Prisma's one statement may report another violation.
      const isOneOfPrisma = this.#rows.rows.length * insert.columns.length <= MAX_PARAMETERS
      const { isRepeatable } = this.#options
      throw statements.length > 0 && isRepeatable && isOneOfPrisma && isViolation(error) ? new LeftToPrisma() : error
    })
    return Array.isArray(answer) ? joined(answer, [...statements, last], this.#rows.rows.length) : answer
  }

  /**
   * Rows whose defaults the database generates in the same columns share a statement. If the first of two rows with the
   * same key must win, they keep their order.
   */
  #partsOf({ rows: cells }: PrismaInsert, isInOrder: boolean): Part[] {
    const defaults = cells.map((row) => row.map((cell) => (cell === 'DEFAULT' ? 'd' : '.')).join(''))
    const parts: Part[] = []
    const partOf = new Map<string | undefined, Part>()
    for (let index = 0; index < this.#rows.setOf.length; index += 1) {
      const set = this.#rows.setOf[index] ?? 0
      let part = partOf.get(defaults[set])
      if (!part) {
        if (isInOrder) partOf.clear()
        part = { indexes: [], sets: new Set() }
        partOf.set(defaults[set], part)
        parts.push(part)
      }
      part.indexes.push(index)
      part.sets.add(set)
    }
    return parts
  }

  async #encode(
    { indexes, sets }: Part,
    insert: PrismaInsert,
    query: AdapterQuery,
    types: ReadonlyMap<string, string>,
    pace: Pace,
  ): Promise<Encoded> {
    const targets: Target[] = []
    const arrays: Buffer[] = []
    const shared: (string | null)[] = []
    for (const [at, column] of insert.columns.entries()) {
      const name = unquoted(column)
      const sources = this.#sourcesOf(name, at, sets, insert, query)
      if (!sources) continue
      const type = types.get(name)
      if (type === undefined) throw new LeftToPrisma()
      const [first] = sources.values()
      const isOwn = typeof first === 'function' || [...sources.values()].some((source) => source !== first)
      targets.push({ column, type, isOwn })
      if (!isOwn) {
        shared.push(first ?? null)
        continue
      }
      const array = new TextArray()
      for (const index of indexes) {
        const source = sources.get(this.#rows.setOf[index] ?? 0)
        array.add(typeof source === 'function' ? source(this.#rows.rows[index] as Row) : (source ?? null))
        const pause = pace.step()
        if (pause) await pause
      }
      arrays.push(array.bytes())
    }
    return { text: writeInsert(insert.table, targets, insert.tail), values: [...arrays, ...shared], indexes }
  }

  /** The value that each set puts into a column; undefined if the database generates the default. */
  #sourcesOf(
    column: string,
    at: number,
    sets: ReadonlySet<number>,
    insert: PrismaInsert,
    query: AdapterQuery,
  ): ReadonlyMap<number, Source | string | null> | undefined {
    const sources = new Map<number, Source | string | null>()
    for (const index of sets) {
      const set = this.#rows.sets[index]
      const cell = insert.rows[index]?.[at]
      if (!set || cell === undefined) throw new LeftToPrisma()
      const source = this.#sourceOf(column, set, cell, query)
      if (source !== undefined) sources.set(index, source)
    }
    return sources.size === 0 ? undefined : sources
  }

  #sourceOf(column: string, set: KeySet, cell: Cell, query: AdapterQuery): Source | string | null | undefined {
    const own = set.columns.get(column)
    if (own) {
      if (cell === 'DEFAULT') throw new LeftToPrisma()
      const { name, values } = own
      return (row) => values.text(row[name])
    }
    if (cell === 'DEFAULT') return undefined
    if (cell === 'null') return null
    const { generator } = fieldOf(column, this.#options.model) ?? {}
    if (generator !== undefined && GENERATORS.has(generator)) return uuidMaker(generator)
    const type = query.argTypes[cell.argument]
    if (!type) throw new LeftToPrisma()
    return sharedText(query.args[cell.argument], type)
  }
}

/** Whether a constraint was violated. */
const isViolation = (error: unknown): boolean =>
  (error as { readonly cause?: { readonly originalCode?: string } }).cause?.originalCode?.startsWith('23') === true

function fieldOf(column: string, model: Model): Field | undefined {
  for (const field of model.values()) if (field.column === column) return field
  return undefined
}

/** A value that Prisma adds, the same for all rows. */
function sharedText(value: unknown, type: AdapterQuery['argTypes'][number]): string | null {
  if (value === null) return null
  if (Array.isArray(value)) return arrayText(value.map((item) => sharedText(item, type)))
  if (value instanceof Date) return momentText(value)
  if (value instanceof Uint8Array) return bytesText(value)
  if (typeof value === 'object') throw new LeftToPrisma()
  if (typeof value !== 'string') return String(value)
  if (type.scalarType === 'datetime') return momentText(new Date(value))
  return type.scalarType === 'bytes' ? bytesText(Buffer.from(value, 'base64')) : value
}

/** Merges the answers of several statements, with the rows in the order of the call if each has one. */
function joined(answers: readonly QueryAnswer[], statements: readonly Encoded[], count: number): QueryAnswer {
  const last = answers.at(-1) as QueryAnswer
  const rowCount = answers.reduce((sum, answer) => sum + (answer.rowCount ?? 0), 0)
  const all = answers.flatMap(({ rows }) => rows)
  if (all.length !== count) return { ...last, rows: all, rowCount }
  const rows: unknown[] = []
  for (const [at, { indexes }] of statements.entries())
    for (const [nth, index] of indexes.entries()) rows[index] = answers[at]?.rows[nth]
  return { ...last, rows, rowCount }
}
