import type { Parameter } from '../../internals/pg.js'
import type { Leaf } from './call-shape.js'
import { carried } from './carried.js'
import { type ArgType, type Carrier, type DbQuery, NotCompiled, type Plan } from './plan.js'
import { Unexpected } from './unexpected.js'
import { listText, wireValue } from './wire-values.js'

/** The values of one run of a plan. */
export interface Values {
  readonly leaves: readonly Leaf[]
  /** The plan's results so far, by the numbers of its names. */
  readonly slots: unknown[]
}

/** A plan's own names, and the places of their values. */
export type SlotNames = ReadonlyMap<string, number>

/** A statement as sent, and as Prisma reports it. */
export interface CompiledQuery {
  readonly sql: string
  parameters(values: Values): Parameter[]
  /** The statement that Prisma would have sent: with an IN list by its items. */
  asPrisma(values: Values): { readonly sql: string; readonly args: readonly unknown[] }
}

/** Prisma rejects a statement with more values, or splits it. */
const MAX_VALUES = 32_766

/**
 * Renders a statement once. A list of values after IN is one parameter, so that the length of a list does not change
 * the statement.
 * @throws {NotCompiled}
 */
export function compileQuery(query: DbQuery, plan: Plan, slots: SlotNames): CompiledQuery {
  if (query.type !== 'templateSql') throw new NotCompiled(`a statement of type ${query.type}`)
  const { prefix, hasNumbering } = query.placeholderFormat
  if (prefix !== '$' || !hasNumbering) throw new NotCompiled('parameters of another form')
  const getters = query.args.map((arg) => getterOf(arg, plan, slots))
  const sent: Sent[] = []
  let sql = ''
  let next = 0
  for (const fragment of query.fragments) {
    if (fragment.type === 'stringChunk') {
      sql += fragment.chunk ?? ''
      continue
    }
    const isList = fragment.type === 'parameterTuple' && !fragment.itemPrefix && !fragment.itemSuffix
    if (!isList && fragment.type !== 'parameter')
      throw new NotCompiled(`a part of a statement of type ${fragment.type}`)
    const [getter, type] = [getters[next], query.argTypes[next] as (ArgType & { elements?: unknown }) | undefined]
    if (!getter || !type) throw new NotCompiled('a statement whose values do not fit')
    if (type.elements !== undefined) throw new NotCompiled('a list of tuples')
    const literal = isList ? undefined : limitLiteral(sql, query.args[next])
    next += 1
    if (literal !== undefined) {
      sql += literal
      continue
    }
    const number = `$${sent.push({ getter, type, isList })}`
    sql = isList ? behindIn(sql, number) : sql + number
  }
  if (next !== getters.length || next !== query.argTypes.length)
    throw new NotCompiled('a statement whose values do not fit')
  return {
    sql,
    parameters(values) {
      const parameters = new Array<Parameter>(sent.length)
      let count = getters.length - sent.length
      for (let index = 0; index < parameters.length; index += 1) {
        const { getter, type, isList } = sent[index] as Sent
        const value = getter(values)
        if (isList) {
          const list = Array.isArray(value) ? value : [value]
          count += list.length
          parameters[index] = listText(list, type)
        } else {
          count += 1
          parameters[index] = wireValue(value, type)
        }
      }
      if (count > MAX_VALUES) throw new Unexpected('more values than a statement of Prisma has')
      return parameters
    },
    asPrisma: (values) =>
      inPrismasWords(
        query,
        getters.map((getter) => getter(values)),
      ),
  }
}

/** A parameter of a statement. */
interface Sent {
  readonly getter: Getter
  readonly type: ArgType
  /** Whether it contains all values of a list after IN. */
  readonly isList: boolean
}

/**
 * Writes LIMIT 1 and OFFSET 0, which nearly all plans have, as literals: for a parameter there the server does not know
 * the value, estimates a generic plan as expensive, and plans the statement again at each execution. Other numbers stay
 * parameters: there are many, and each would be a separate statement.
 */
function limitLiteral(sql: string, arg: unknown): string | undefined {
  const value = String(arg)
  if (value === '1' && sql.endsWith(' LIMIT ')) return '1'
  return value === '0' && sql.endsWith(' OFFSET ') ? '0' : undefined
}

/** `a IN ` becomes `a = ANY($1)`, which the server plans the same way. */
function behindIn(sql: string, parameter: string): string {
  if (sql.endsWith(' NOT IN ')) return `${sql.slice(0, -' NOT IN '.length)} <> ALL(${parameter})`
  if (sql.endsWith(' IN ')) return `${sql.slice(0, -' IN '.length)} = ANY(${parameter})`
  throw new NotCompiled('a list that does not follow IN')
}

function inPrismasWords({ fragments }: DbQuery, evaluated: readonly unknown[]): ReturnType<CompiledQuery['asPrisma']> {
  let sql = ''
  let next = 0
  const args: unknown[] = []
  const placeholder = (value: unknown): string => `$${args.push(value)}`
  for (const { type, chunk = '', itemSeparator = ',' } of fragments) {
    if (type === 'stringChunk') {
      sql += chunk
      continue
    }
    const value = evaluated[next]
    next += 1
    if (type === 'parameter') sql += placeholder(value)
    else {
      const items = Array.isArray(value) ? value : [value]
      sql += items.length === 0 ? '(NULL)' : `(${items.map(placeholder).join(itemSeparator)})`
    }
  }
  return { sql, args }
}

type Getter = (values: Values) => unknown

function getterOf(arg: unknown, plan: Plan, slots: SlotNames): Getter {
  if (typeof arg !== 'object' || arg === null) return () => arg
  if (Array.isArray(arg)) {
    const getters = arg.map((item) => getterOf(item, plan, slots))
    return (values) => getters.map((getter) => getter(values))
  }
  if (!('prisma__type' in arg)) return () => arg
  const { prisma__type: type, prisma__value: asked } = arg as {
    readonly prisma__type: unknown
    readonly prisma__value: { readonly name: string; readonly type: string }
  }
  if (type !== 'param') throw new NotCompiled('a value that is generated for each call')
  const index = plan.names.indexOf(asked.name)
  if (index >= 0) return leafGetter(index, plan.carriers[index] as Carrier, asked.type === 'DateTime')
  if (plan.words?.has(asked.name)) {
    const word = plan.words.get(asked.name)
    return () => word
  }
  const slot = slots.get(asked.name)
  if (slot === undefined) throw new NotCompiled('a value by an unknown name')
  return ({ slots: found }) => {
    const value = found[slot]
    if (value === undefined) throw new Unexpected('a value that was not found')
    return value
  }
}

function leafGetter(index: number, carrier: Carrier, isMoment: boolean): Getter {
  if (carrier === 'json') return ({ leaves }) => JSON.stringify(leaves[index])
  return ({ leaves }) => {
    const leaf = leaves[index] as Leaf
    if (!isMoment) return carried(leaf)
    return typeof leaf === 'string' ? new Date(leaf) : leaf instanceof Date ? leaf : carried(leaf)
  }
}
