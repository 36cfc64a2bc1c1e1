import type { Field, Model } from '../data-model.js'
import { isRecord, type Values, valuesOf } from './values.js'

type Row = Readonly<Record<string, unknown>>

/** The rows of one call, after checking that Prisma accepts their values, and how each value is sent. */
export interface Rows {
  readonly rows: readonly Row[]
  /** The field names of a row, one set for all rows with the same names, in order of first appearance. */
  readonly sets: readonly KeySet[]
  /** The index of each row's set. */
  readonly setOf: Uint16Array
}

/** The rows with the same names. */
export interface KeySet {
  /** The first of them, which is passed to Prisma to get the statement. */
  readonly example: Row
  /** Its position among all rows. */
  readonly index: number
  /** How the values of each column are sent. */
  readonly columns: ReadonlyMap<string, Column>
}

export interface Column {
  readonly name: string
  readonly values: Values
}

/** Values that Prisma generates for each row, and that are generated here too. */
export const GENERATORS: ReadonlySet<string> = new Set(['uuid()', 'uuid(4)', 'uuid(7)'])

/** With more, Prisma's statement for the examples would be long too. */
const MAX_SETS = 100

/** Why the rows of a call are left to Prisma. */
export type Refusal = string

/** Checks all rows of a call synchronously: they cannot change in the meantime. */
export function readRows(data: unknown, model: Model): Rows | Refusal {
  if (!Array.isArray(data)) return 'one row'
  if (data.length < 2) return data.length === 0 ? 'no rows' : 'one row'
  const reader = new Reader(model)
  const setOf = new Uint16Array(data.length)
  for (let index = 0; index < data.length; index += 1) {
    const set = reader.setOf(data[index], index)
    if (typeof set === 'string') return set
    setOf[index] = set
  }
  return { rows: [...data], sets: reader.sets, setOf }
}

class Reader {
  readonly sets: KeySet[] = []
  readonly #model: Model
  readonly #columns = new Map<string, { readonly field: Field; readonly values: Values } | undefined>()
  readonly #known = new Map<string, number>()

  constructor(model: Model) {
    this.#model = model
  }

  setOf(row: unknown, index: number): number | Refusal {
    if (!isRecord(row)) return 'a row that is not a plain object'
    let key = ''
    for (const name in row) {
      const value = row[name]
      if (value === undefined) continue
      const column = this.#column(name)
      if (!column) return 'a field of another kind'
      if (!column.values.takes(value)) return 'a value of another kind'
      key += `${name},`
    }
    return this.#known.get(key) ?? this.#add(key, row, index)
  }

  #column(name: string) {
    if (this.#columns.has(name)) return this.#columns.get(name)
    const field = this.#model.get(name)
    const values = field && valuesOf(field)
    const column = field && values ? { field, values } : undefined
    this.#columns.set(name, column)
    return column
  }

  #add(key: string, row: Row, index: number): number | Refusal {
    if (this.sets.length === MAX_SETS) return 'too many sets of fields'
    const columns = new Map<string, Column>()
    for (const name of key.split(',').slice(0, -1)) {
      const known = this.#columns.get(name)
      if (known) columns.set(known.field.column, { name, values: known.values })
    }
    if (columns.size === 0) return 'a row without values'
    for (const { name, column, generator } of this.#model.values())
      if (generator !== undefined && !columns.has(column) && !GENERATORS.has(generator))
        return `a default by ${generator} for ${name}`
    this.#known.set(key, this.sets.length)
    this.sets.push({ example: row, index, columns })
    return this.sets.length - 1
  }
}
