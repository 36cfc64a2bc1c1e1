import { Prisma } from '../../schema/prisma.js'
import { isWellFormed } from '../../statement/well-formed.js'

/** A value in the arguments of a call: the part that differs between calls of one shape. */
export type Leaf = string | number | boolean | bigint | Date | Prisma.Decimal | Uint8Array | readonly Leaf[]

/**
 * A call without its values. Two calls with equal keys have the same names in the same places, and in each place a
 * value of the same class; Prisma creates the same plan for them, except for values that it puts into the plan itself.
 */
export interface CallShape {
  readonly key: string
  /** The values, in the order of their places in the key. */
  readonly leaves: readonly Leaf[]
  /** Whether a value might arrive changed, which `refuseChangedValues` must check. */
  readonly mayChange: boolean
}

/** Names that contain a selection, and those whose booleans are one. */
const SELECTIONS: ReadonlySet<string> = new Set(['select', 'include', 'omit'])
const AGGREGATES: ReadonlySet<string> = new Set(['_count', '_avg', '_sum', '_min', '_max'])

/**
 * Returns the shape of a call; undefined if its arguments contain something whose meaning is not determined by names
 * and classes alone: a field reference, `Prisma.skip`, an instance of another class, a list of mixed values.
 */
export function shapeOf(model: string, action: string, args: unknown): CallShape | undefined {
  const walk = new Walk(`${model}.${action}`)
  if (args !== undefined && !(isRecord(args) && walk.arguments(args))) return undefined
  return walk
}

/** Returns the same arguments with other values in their places, in the order of the leaves. */
export function withLeaves(args: unknown, leaf: (index: number) => unknown): unknown {
  return args === undefined ? undefined : new Copy(leaf).arguments(args as Record)
}

type Record = Readonly<{ [name: string]: unknown }>

class Walk implements CallShape {
  key: string
  readonly leaves: Leaf[] = []
  mayChange = false

  constructor(key: string) {
    this.key = key
  }

  /** `where`, `take` and the like, of the call or of a relation in it. */
  arguments(args: Record): boolean {
    this.key += '{'
    for (const name in args) {
      if (!this.#name(name)) return false
      const value = args[name]
      if (value === undefined) this.key += 'u'
      else if (!(isSelecting(name, value) ? this.#selection(value) : this.#value(value))) return false
    }
    this.key += '}'
    return true
  }

  /** The selection of a model: booleans, and the arguments of relations. */
  #selection(selection: unknown): boolean {
    if (typeof selection === 'boolean') return this.#flag(selection)
    if (!isRecord(selection)) return false
    this.key += '<'
    for (const name in selection) {
      if (!this.#name(name)) return false
      const value = selection[name]
      if (value === undefined) this.key += 'u'
      else if (typeof value === 'boolean') this.#flag(value)
      else if (!(isRecord(value) && this.arguments(value))) return false
    }
    this.key += '>'
    return true
  }

  #flag(flag: boolean): true {
    this.key += flag ? 't' : 'f'
    return true
  }

  /** Names come from callers: one that contains the key's separators could make two calls look alike. */
  #name(name: string): boolean {
    if (!isPlainName(name)) return false
    this.key += name
    this.key += ':'
    return true
  }

  #value(value: unknown): boolean {
    if (value === null) {
      this.key += 'n'
      return true
    }
    const kind = this.#classOf(value)
    if (kind !== undefined) return this.#leaf(kind, value as Leaf)
    if (Array.isArray(value)) return this.#list(value)
    if (!isRecord(value)) return false
    this.key += '{'
    for (const name in value) {
      if (!this.#name(name)) return false
      const item = value[name]
      if (item === undefined) this.key += 'u'
      else if (!this.#value(item)) return false
    }
    this.key += '}'
    return true
  }

  #leaf(kind: string, value: Leaf): true {
    this.key += kind
    this.leaves.push(ownOf(value))
    return true
  }

  /** A list of scalars is one value; one of records is part of the shape, including its length. */
  #list(list: readonly unknown[]): boolean {
    let widest = list.length > 0 ? this.#classOf(list[0]) : undefined
    if (widest !== undefined) {
      for (let index = 1; index < list.length; index += 1) {
        const kind = this.#classOf(list[index])
        if (kind === undefined) return false
        widest = kind === widest ? kind : wider(widest, kind)
        if (widest === undefined) return false
      }
      return this.#leaf(`*${widest}`, list as readonly Leaf[])
    }
    this.key += '['
    for (const item of list) if (!isRecord(item) || !this.#value(item)) return false
    this.key += ']'
    return true
  }

  #classOf(value: unknown): string | undefined {
    switch (typeof value) {
      case 'string':
        if (!isWellFormed(value)) this.mayChange = true
        return 's'
      case 'boolean':
        return 'b'
      case 'number':
        if ((value | 0) === value) return 'i'
        this.mayChange = true
        return Number.isInteger(value) ? 'I' : Number.isFinite(value) ? 'F' : undefined
      case 'bigint':
        this.mayChange = true
        return 'B'
      case 'object':
        if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : 'd'
        if (value instanceof Uint8Array) return 'y'
        if (!(value instanceof Prisma.Decimal)) return undefined
        this.mayChange = true
        return value.isFinite() ? 'D' : undefined
      default:
        return undefined
    }
  }
}

/** Walks in the same order, and makes a copy. */
class Copy {
  readonly #leaf: (index: number) => unknown
  #next = 0

  constructor(leaf: (index: number) => unknown) {
    this.#leaf = leaf
  }

  arguments(args: Record): Record {
    return mapped(args, (value, name) => (isSelecting(name, value) ? this.#selection(value) : this.#value(value)))
  }

  #selection(selection: unknown): unknown {
    if (!isRecord(selection)) return selection
    return mapped(selection, (value) => (isRecord(value) ? this.arguments(value) : value))
  }

  #value(value: unknown): unknown {
    if (value === null || value === undefined) return value
    if (Array.isArray(value) && (value.length === 0 || isRecord(value[0])))
      return value.map((item) => this.#value(item))
    if (isRecord(value)) return mapped(value, (item) => this.#value(item))
    const index = this.#next
    this.#next += 1
    return this.#leaf(index)
  }
}

function mapped(record: Record, map: (value: unknown, name: string) => unknown): Record {
  const copy: { [name: string]: unknown } = {}
  for (const name in record) copy[name] = map(record[name], name)
  return copy
}

function isSelecting(name: string, value: unknown): boolean {
  return SELECTIONS.has(name) || (AGGREGATES.has(name) && (typeof value === 'boolean' || isRecord(value)))
}

/** A snapshot: what is sent later does not change if the caller modifies the object. */
function ownOf(value: Leaf): Leaf {
  if (typeof value !== 'object') return value
  if (value instanceof Date) return new Date(value)
  if (value instanceof Uint8Array) return new Uint8Array(value)
  return Array.isArray(value) ? value.map(ownOf) : value
}

/** As Prisma determines the type of a list with numbers of several kinds. */
function wider(one: string, other: string): string | undefined {
  const widths = 'iIF'
  const width = Math.max(widths.indexOf(one), widths.indexOf(other))
  return widths.includes(one) && widths.includes(other) ? widths[width] : undefined
}

/** Names of fields and operators: a few hundred in any application, so that most are found here. */
const plainNames = new Set<string>()
const MAX_NAMES = 10_000

function isPlainName(name: string): boolean {
  if (plainNames.has(name)) return true
  if (!/^[A-Za-z]\w*$|^_[A-Za-z]\w*$/.test(name)) return false
  if (plainNames.size < MAX_NAMES) plainNames.add(name)
  return true
}

/** A plain object: Prisma treats its members as arguments. */
function isRecord(value: unknown): value is Record {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
