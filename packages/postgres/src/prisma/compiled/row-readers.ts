import type pg from 'pg'
import { type Enums, isRelation, type ObjectNode, type Place } from './place.js'
import { type FieldType, NotCompiled, type ResultNode } from './plan.js'
import { directly, FIELD_TYPES, helpersOf, isOfText, type Reading } from './read-values.js'
import { Unexpected } from './unexpected.js'

/** The raw values of a row. */
export type RawRow = readonly (string | null)[]
/** A row by its columns, with the adapter's conversion of each. */
export type Row = { [column: string]: unknown }
/** The key of a row's result beside its columns: no column has an empty name. */
export const RESULT = ''

type Fields = readonly pg.FieldDef[]
type ReadRow = (row: RawRow) => unknown

/**
 * Parses rows with functions generated for their columns. The session describes the columns, and may describe them
 * again after an ALTER TABLE: the functions are cached by description.
 */
export class RowReaders {
  readonly #generate: (fields: Fields) => ReadRow
  readonly #byFields = new WeakMap<Fields, ReadRow>()
  readonly #byColumns = new Map<string, ReadRow>()

  private constructor(generate: (fields: Fields) => ReadRow) {
    this.#generate = generate
  }

  /** For rows that become results. */
  static ofResults(structure: ResultNode, enums: Enums, reading: Reading): RowReaders {
    if (structure.type !== 'object') throw new NotCompiled('a single value')
    return new RowReaders((fields) => resultReader(structure, enums, fields, reading))
  }

  /** For rows that the plan continues with: records of their columns, or results beside the columns it needs. */
  static ofRows(place: Place, reading: Reading): RowReaders {
    return new RowReaders((fields) =>
      place.structure ? placeReader(place, place.structure, fields, reading) : recordReader(fields, reading),
    )
  }

  /** Parses all rows of one answer. */
  read(fields: Fields, rows: readonly RawRow[]): unknown[] {
    const read = this.#byFields.get(fields) ?? this.#readerOf(fields)
    const results = new Array<unknown>(rows.length)
    for (let index = 0; index < rows.length; index += 1) results[index] = read(rows[index] as RawRow)
    return results
  }

  #readerOf(fields: Fields): ReadRow {
    const columns = JSON.stringify(fields.map(({ name, dataTypeID }) => [name, dataTypeID]))
    const read = this.#byColumns.get(columns) ?? this.#generate(fields)
    if (this.#byColumns.size >= MAX_READERS) this.#byColumns.clear()
    this.#byColumns.set(columns, read)
    this.#byFields.set(fields, read)
    return read
  }
}

/** A statement has other columns only after an ALTER TABLE. */
const MAX_READERS = 8

/** Returns the function that converts the records assembled by a plan to results. */
export function resultMapper(structure: ResultNode, enums: Enums, reading: Reading): (value: unknown) => unknown {
  if (structure.type === 'affectedRows') throw new NotCompiled('a count of changed rows')
  if (structure.type === 'field') throw new NotCompiled('a single value')
  const code = new Code(enums, reading)
  const name = code.object(structure, (column) => `d[${literal(column)}]`)
  return code.compiled(`return v=>many(v,${name},${structure.skipNulls})`) as (value: unknown) => unknown
}

function recordReader(fields: Fields, reading: Reading): ReadRow {
  const code = new Code({}, reading)
  const columns = fields.map(({ name }, index) => `${literal(name)}:${code.column(index, fields)}`)
  return code.compiled(`return r=>({${columns.join(',')}})`) as ReadRow
}

function resultReader(structure: ObjectNode, enums: Enums, fields: Fields, reading: Reading): ReadRow {
  const code = new Code(enums, reading)
  return code.compiled(`return r=>(${resultOf(structure, fields, code)})`) as ReadRow
}

function placeReader(place: Place, structure: ObjectNode, fields: Fields, reading: Reading): ReadRow {
  const code = new Code(place.enums, reading)
  const result = resultOf(structure, fields, code, (field) => (place.relationOf(field)?.isUnique ? 'null' : '[]'))
  const keys = [...place.keys].map((name) => {
    const index = fields.findLastIndex((field) => field.name === name)
    if (index < 0) throw new Unexpected(`no column ${name}`)
    return `,${literal(name)}:${code.column(index, fields)}`
  })
  return code.compiled(`return r=>({${literal(RESULT)}:${result}${keys.join('')}})`) as ReadRow
}

/** Returns the code of the object that a row becomes. */
function resultOf(
  structure: ObjectNode,
  fields: Fields,
  code: Code,
  ofRelation: ((field: ObjectNode) => string) | undefined = undefined,
): string {
  const places = new Map(fields.map(({ name }, index) => [name, index])) // of equal names the last one counts
  return code.literalOf(structure, (name, field) => {
    if (ofRelation && isRelation(field)) return ofRelation(field)
    if (field.type === 'object' && !isRelation(field)) return resultOf(field, fields, code)
    const index = field.type === 'field' ? places.get(field.dbName) : undefined
    if (field.type !== 'field' || index === undefined) throw new Unexpected(`no column for ${name}`)
    return code.ofColumn(field.fieldType, index, fields)
  })
}

/** Writes the code of one reader. External names enter it as literals, and functions as parameters. */
class Code {
  readonly #enums: Enums
  readonly #reading: Reading
  readonly #parsers: ((text: string) => unknown)[] = []
  readonly #functions: string[] = []

  constructor(enums: Enums, reading: Reading) {
    this.#enums = enums
    this.#reading = reading
  }

  /** Returns the code for the adapter's value of a column. */
  column(index: number, fields: Fields): string {
    const text = `r[${index}]`
    const parser = this.#parserOf(index, fields)
    return isOfText(parser) ? text : `${text}===null?null:${this.#named(parser)}(${text})`
  }

  /** The name of a parser of the adapter. */
  #named(parser: (text: string) => unknown): string {
    this.#parsers.push(parser)
    return `P[${this.#parsers.length - 1}]`
  }

  /** Defines a function that converts a record `d` to an object, and returns its name. */
  object(node: ObjectNode, column: (name: string) => string): string {
    const body = this.literalOf(node, (_name, field) => {
      if (field.type === 'field') return this.#ofValue(field.fieldType, column(field.dbName))
      if (field.type !== 'object') throw new NotCompiled('a count of changed rows')
      const nested = this.object(field, column)
      if (field.serializedName === null) return `${nested}(d)`
      return `many(d[${literal(field.serializedName)}],${nested},${field.skipNulls})`
    })
    const name = `o${this.#functions.length}`
    this.#functions.push(`const ${name}=d=>typeof d==='object'&&d!==null?(${body}):H.bad()`)
    return name
  }

  /** An object literal with all fields of a node. */
  literalOf({ fields }: ObjectNode, codeOf: (name: string, field: ResultNode) => string): string {
    return `{${Object.entries(fields)
      .map(([name, field]) => `${literal(name)}:${codeOf(name, field)}`)
      .join(',')}}`
  }

  #parserOf(index: number, fields: Fields): (text: string) => unknown {
    return this.#reading.types.getTypeParser((fields[index] as pg.FieldDef).dataTypeID, 'text')
  }

  /** Returns the code that converts a column to the value of a field. */
  ofColumn(type: FieldType, index: number, fields: Fields): string {
    const text = `r[${index}]`
    const parser = this.#parserOf(index, fields)
    const { dataTypeID: oid } = fields[index] as pg.FieldDef
    const isList = type.arity === 'list'
    const direct = isList ? undefined : directly(type.type, oid, parser, text)
    if (direct === text) return text
    const name = direct === undefined || direct.includes('P_') ? this.#named(parser) : ''
    if (direct !== undefined) return `${text}===null?null:${direct.replace('P_', name)}`
    if (isList) return `${text}===null?[]:${this.#ofList(type, `${name}(${text})`)}`
    return `${text}===null?null:${this.#scalar(type, `${name}(${text})`)}`
  }

  /** Reads the adapter's value of a column. */
  #ofValue(type: FieldType, value: string): string {
    if (type.arity === 'list') return `${value}===null?[]:${this.#ofList(type, value)}`
    return `${value}===null?null:${this.#scalar(type, value)}`
  }

  #ofList(type: FieldType, value: string): string {
    return `H.list(${value}).map(x=>${this.#scalar(type, 'x')})`
  }

  #scalar({ type, name = '', encoding = 'array' }: FieldType, value: string): string {
    if (!FIELD_TYPES.has(type) || encoding !== 'array') throw new NotCompiled(`a field of type ${type}`)
    if (type !== 'enum') return `H.${type}(${value})`
    if (!Object.hasOwn(this.#enums, name)) throw new NotCompiled('an enum without values')
    return `H.enum(E[${literal(name)}],${value})`
  }

  compiled(body: string): unknown {
    const many =
      'const many=(v,o,s)=>v===null?null:Array.isArray(v)?(s?v.filter(x=>x!==null):v).map(o):typeof v==="object"?o(v):H.bad()'
    // External names are literals in it: see docs/decisions/0025-reads-by-compiled-plans.md.
    const make = new Function('H', 'P', 'E', `"use strict";${many};${this.#functions.join(';')};${body}`)
    return make(helpersOf(this.#reading), this.#parsers, this.#enums)
  }
}

/** A name in generated code. In an object literal, this one would not be a field. */
function literal(name: string): string {
  if (name === '__proto__') throw new NotCompiled('a field named __proto__')
  return JSON.stringify(name).replace(/[\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16)}`)
}
