import type { ClientCall } from '../internals/prisma.js'
import { Prisma } from '../schema/prisma.js'
import { isWellFormed } from '../statement/well-formed.js'
import type { DataModel, Field, Model } from './data-model.js'
import { InvalidArgumentError } from './invalid-argument.js'

/** What a number must be, and how that is described. */
interface Rule {
  fits(value: number | bigint | Prisma.Decimal): boolean
  readonly takes: string
}

const isNumber = (value: unknown): value is number => typeof value === 'number'
const within = (min: bigint, max: bigint) => (value: number | bigint | Prisma.Decimal) => {
  if (isNumber(value)) return Number.isSafeInteger(value) && value >= min && value <= max
  if (typeof value === 'bigint') return value >= min && value <= max
  return value.isInteger() && value.gte(min.toString()) && value.lte(max.toString())
}

const INT2: Rule = { takes: 'a whole number of 16 bits', fits: within(-(2n ** 15n), 2n ** 15n - 1n) }
const INT4: Rule = { takes: 'a whole number of 32 bits', fits: within(-(2n ** 31n), 2n ** 31n - 1n) }
const OID: Rule = { takes: 'a whole number of 32 bits without a sign', fits: within(0n, 2n ** 32n - 1n) }
/** As a `number` up to 2^53 - 1 only: beyond that, the value sent would differ. */
const INT8: Rule = {
  takes: 'a whole number of 64 bits, as a bigint if it is beyond 2^53 - 1',
  fits: within(-(2n ** 63n), 2n ** 63n - 1n),
}
const WHOLE: Rule = { takes: 'a whole number', fits: INT8.fits }
/** JSON, in which calls are encoded, has no others: they would arrive as null. */
const FINITE: Rule = {
  takes: 'a finite number',
  fits: (value) => !isNumber(value) || Number.isFinite(value),
}

const BY_NATIVE: Readonly<Record<string, Rule>> = { SmallInt: INT2, Oid: OID }
const BY_TYPE: Readonly<Record<string, Rule>> = { Int: INT4, BigInt: INT8 }
/** Aggregations in `having`, whose type differs from their column's. */
const BY_AGGREGATE: Readonly<Record<string, Rule>> = { _avg: FINITE, _sum: WHOLE, _count: INT4 }

/** Arguments with their own `data` and `where`, which are not fields there. */
const WITH_ARGUMENTS = new Set(['connectOrCreate', 'createMany', 'update', 'updateMany', 'upsert'])

/**
 * Rejects a call whose values would arrive changed: Prisma cuts 9.99 for an Int to 9 and 2^40 in `take` to 0, sends NaN
 * as null, and a number beyond 2^53 as another one; half a surrogate pair becomes U+FFFD on the wire.
 * @throws {InvalidArgumentError}
 */
export function refuseChangedValues(call: ClientCall, dataModelOfCall: () => DataModel): void {
  if (!mayChange(call.args)) return
  const dataModel = dataModelOfCall()
  const model = call.model === undefined ? undefined : dataModel.get(call.model)
  const check = new Check(call.clientMethod, dataModel)
  if (model) check.arguments(call.args, model, [])
  else check.parameters(call.args)
}

/**
 * Whether anything could be changed: rarely, so most calls pay only for this walk. 32-bit numbers and well-formed text
 * arrive unchanged, whatever the field.
 */
function mayChange(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
      return (value | 0) !== value
    case 'bigint':
      return true
    case 'string':
      return !isWellFormed(value)
    case 'object': {
      if (value === null || value instanceof Date || ArrayBuffer.isView(value)) return false
      if (Array.isArray(value)) return value.some(mayChange)
      if (Prisma.Decimal.isDecimal(value)) return true
      for (const key in value) if (mayChange((value as Record<string, unknown>)[key])) return true
      return false
    }
    default:
      return false
  }
}

type Path = readonly (string | number)[]

/** Walks a call along the data model. Names unknown to the model are left to Prisma, which rejects them. */
class Check {
  readonly #call: string
  readonly #dataModel: DataModel

  constructor(call: string, dataModel: DataModel) {
    this.#call = call
    this.#dataModel = dataModel
  }

  /** `where`, `data`, `take`, `include` and the like. */
  arguments(args: unknown, model: Model, path: Path): void {
    for (const [name, value] of entriesOf(args)) {
      const at = [...path, name]
      if (name === 'take' || name === 'skip') this.#number(value, INT4, at)
      else if (name === 'select' || name === 'include') this.#selection(value, model, at)
      else this.#fields(value, model, at)
    }
  }

  /** The parameters of raw SQL: only the server knows their types. */
  parameters(args: unknown): void {
    const values = Array.isArray(args) ? args.slice(1) : (args as { readonly values?: unknown } | undefined)?.values
    if (Array.isArray(values))
      for (const [index, value] of values.entries()) this.#leaves(value, [`$${index + 1}`], false)
  }

  #selection(selection: unknown, model: Model, path: Path): void {
    for (const [name, value] of entriesOf(selection)) {
      const related = this.#dataModel.get(model.get(name)?.type ?? '')
      this.arguments(value, related ?? model, [...path, name]) // `_count` holds a selection of the same model
    }
  }

  /** Fields of a model, and what may surround them: AND, compound keys, operations on relations. */
  #fields(value: unknown, model: Model, path: Path, isWithArguments = false): void {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.#fields(item, model, [...path, index], isWithArguments)
      return
    }
    for (const [name, item] of entriesOf(value)) {
      const at = [...path, name]
      const field = isWithArguments && (name === 'data' || name === 'where') ? undefined : model.get(name)
      const related = field?.kind === 'object' ? this.#dataModel.get(field.type) : undefined
      if (related) this.#fields(item, related, at)
      else if (field) this.#scalar(item, field, at)
      else this.#fields(item, model, at, WITH_ARGUMENTS.has(name))
    }
  }

  #scalar(value: unknown, field: Field, path: Path): void {
    if (field.type === 'Json') this.#leaves(value, path, true)
    else this.#number(value, BY_NATIVE[field.native ?? ''] ?? BY_TYPE[field.type] ?? FINITE, path)
  }

  /** A value, or the operand of a field's filter or operation: `{ in: [...] }`, `{ increment: ... }`. */
  #number(value: unknown, rule: Rule, path: Path): void {
    if (typeof value === 'string') this.#text(value, path)
    else if (isNumber(value) || typeof value === 'bigint' || Prisma.Decimal.isDecimal(value)) {
      if (!rule.fits(value)) this.#refuse(`takes ${rule.takes}`, path)
    } else {
      for (const [name, item] of entriesOf(value)) this.#number(item, BY_AGGREGATE[name] ?? rule, [...path, name])
    }
  }

  /** Any value without a type known here. */
  #leaves(value: unknown, path: Path, isInJson: boolean): void {
    if (typeof value === 'string') this.#text(value, path)
    else if (isNumber(value)) {
      if (!FINITE.fits(value)) this.#refuse(`takes ${FINITE.takes}`, path)
    } else if (typeof value === 'bigint' && isInJson) this.#refuse('takes JSON, which has no bigint', path)
    else
      for (const [name, item] of entriesOf(value))
        this.#leaves(item, [...path, name], isInJson || !Array.isArray(value))
  }

  #text(value: string, path: Path): void {
    if (!isWellFormed(value)) this.#refuse('is not well-formed Unicode: it contains half of a surrogate pair', path)
  }

  #refuse(problem: string, path: Path): never {
    throw new InvalidArgumentError(this.#call, path.join('.'), problem)
  }
}

/** The members of a plain record or a list; none for anything else. */
function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null || value instanceof Date || ArrayBuffer.isView(value)) return []
  return Object.entries(value)
}
