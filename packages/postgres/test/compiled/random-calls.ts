import { Prisma } from '../../src/index.js'
import type { DataModel, Field } from '../../src/prisma/data-model.js'

/** A call by the names of its model and method. */
export interface Call {
  readonly model: string
  readonly method: string
  readonly args: Args | undefined
}

export type Args = Record<string, unknown>
/** Rows that are there, by model. */
export type Samples = ReadonlyMap<string, readonly Args[]>

export const READS = [
  ...['findFirst', 'findFirstOrThrow', 'findUnique', 'findUniqueOrThrow', 'findMany', 'count', 'aggregate', 'groupBy'],
] as const

/** A model's name as the client has it. */
export const jsName = (model: string): string => `${model.charAt(0).toLowerCase()}${model.slice(1)}`

/** Makes calls of all kinds that Prisma takes, and some that it refuses, of values that are there and of others. */
export class RandomCalls {
  readonly #random: () => number
  readonly #models: DataModel
  readonly #samples: Samples

  constructor(random: () => number, models: DataModel, samples: Samples) {
    this.#random = random
    this.#models = models
    this.#samples = samples
  }

  /** A read. */
  read(): Call {
    const model = this.#one([...this.#models.keys()])
    const method = this.#one(READS)
    return { model, method, args: this.#spoiled(this.#argsOf(model, method)) }
  }

  #argsOf(model: string, method: string): Args | undefined {
    switch (method) {
      case 'findUnique':
      case 'findUniqueOrThrow':
        return { where: this.#key(model), ...this.#selection(model) }
      case 'findMany':
        return this.#chance(0.05) ? undefined : { ...this.#list(model), ...this.#selection(model) }
      case 'count':
        return {
          ...(this.#chance(0.8) && { where: this.#where(model) }),
          ...(this.#chance(0.3) && { select: { _all: true, ...this.#flags(model, 0.3) } }),
          ...(this.#chance(0.2) && { take: this.#int(4), skip: this.#int(3), orderBy: this.#orderBy(model) }),
        }
      case 'aggregate':
        return { where: this.#where(model), ...this.#aggregates(model) }
      case 'groupBy':
        return this.#groupBy(model)
      default:
        return { where: this.#where(model), orderBy: this.#orderBy(model), ...this.#selection(model) }
    }
  }

  #list(model: string): Args {
    return {
      ...(this.#chance(0.8) && { where: this.#where(model) }),
      orderBy: this.#orderBy(model),
      ...(this.#chance(0.5) && { take: this.#one([0, 1, 2, 5, -2, 100]) }),
      ...(this.#chance(0.3) && { skip: this.#int(3) }),
      ...(this.#chance(0.15) && { cursor: this.#key(model) }),
      ...(this.#chance(0.15) && { distinct: this.#some(this.#names(model, plain)) }),
    }
  }

  #groupBy(model: string): Args {
    const by = this.#some(this.#names(model, plain))
    return {
      by: this.#chance(0.2) ? (by[0] as string) : by,
      where: this.#where(model),
      ...this.#aggregates(model),
      orderBy: by.map((name) => ({ [name]: this.#one(['asc', 'desc']) })),
      ...(this.#chance(0.3) && { take: this.#int(5), skip: this.#int(2) }),
      ...(this.#chance(0.3) && { having: { [by[0] as string]: this.#havingOf(model, by[0] as string) } }),
    }
  }

  #havingOf(model: string, name: string): unknown {
    const field = this.#models.get(model)?.get(name) as Field
    return this.#chance(0.5) ? { _count: { gte: this.#int(3) } } : { not: this.#value(model, field) }
  }

  #aggregates(model: string): Args {
    const numbers = this.#names(model, ({ type }) => ['Int', 'BigInt', 'Decimal', 'Float'].includes(type))
    const comparable = this.#names(
      model,
      ({ type, name }) => type !== 'Json' && type !== 'Boolean' && name !== 'categories',
    )
    const of = (names: readonly string[]): Args => Object.fromEntries(this.#some(names).map((name) => [name, true]))
    return {
      _count: this.#chance(0.5) ? true : { _all: true, ...this.#flags(model, 0.3) },
      ...(numbers.length > 0 && this.#chance(0.6) && { _avg: of(numbers), _sum: of(numbers) }),
      ...(this.#chance(0.5) && { _min: of(comparable), _max: of(comparable) }),
    }
  }

  #where(model: string, depth = 0): Args {
    const where: Args = {}
    for (let count = this.#int(3); count > 0; count -= 1) {
      const field = this.#one([...this.#fields(model)])
      if (field.kind === 'scalar') where[field.name] = this.#condition(model, field)
      else if (depth < 2) where[field.name] = this.#relation(model, field, depth)
    }
    if (depth < 2 && this.#chance(0.2)) {
      const others = [this.#where(model, depth + 1), this.#where(model, depth + 1)]
      where[this.#one(['AND', 'OR', 'NOT'])] = this.#chance(0.8) ? others.slice(this.#int(2)) : others[0]
    }
    return where
  }

  #relation(model: string, field: Field, depth: number): unknown {
    const where = this.#where(field.type, depth + 1)
    if (isList(model, field)) return { [this.#one(['some', 'none', 'every'])]: where }
    return this.#one([null, where, { is: where }, { isNot: where }])
  }

  #condition(model: string, field: Field): unknown {
    if (field.type === 'Json') return this.#jsonCondition()
    if (field.name === 'categories')
      return this.#one([
        { has: 'a' },
        { isEmpty: this.#chance(0.5) },
        { hasSome: ['a', 'b'] },
        { equals: [] },
        { hasEvery: ['a"\\'] },
      ])
    const value = () => this.#value(model, field)
    const list = () => Array.from({ length: this.#int(4) }, value)
    const conditions: (() => unknown)[] = [
      value,
      () => ({ equals: value() }),
      () => ({ not: value() }),
      () => ({ not: null }),
      () => null,
    ]
    if (field.type !== 'Boolean')
      conditions.push(
        () => ({ in: list() }),
        () => ({ notIn: list() }),
        () => ({ gt: value(), lte: value() }),
        () => ({ not: { lt: value() } }),
      )
    if (field.type === 'String' && field.native !== 'Uuid')
      conditions.push(
        () => ({ contains: this.#one(['a', '%', '_', '"\\', '🙂']) }),
        () => ({ startsWith: 'p', mode: 'insensitive' }),
        () => ({ equals: value(), mode: 'insensitive' }),
        () => ({ not: { endsWith: 'z' } }),
      )
    return this.#one(conditions)()
  }

  #jsonCondition(): unknown {
    return this.#one([
      { equals: { a: 1 } },
      { path: ['a'], equals: this.#one([1, 'text', true]) },
      { path: ['deep', 'deeper'], not: 1 },
      { path: ['a'], string_contains: 'te' },
      { equals: Prisma.DbNull },
      { not: Prisma.JsonNull },
      { equals: [1] },
    ])
  }

  /** One that is there, mostly, in another form sometimes; or one that the server or Prisma does not take. */
  #value(model: string, field: Field): unknown {
    const found = this.#sample(model)?.[field.name]
    if (found !== undefined && found !== null && this.#chance(0.7)) return this.#sameOtherwise(field, found)
    switch (field.type) {
      case 'String':
        if (field.native === 'Uuid' && this.#chance(0.7)) return '018f4e6a-7c1b-7000-8000-000000000000'
        return this.#one(['', 'pro', 'a', 'x\'y"\\', 'info', 'ｱ🙂'])
      case 'Int':
        return this.#one([0, 1, -1, 100, 2147483647, 3000000000, 1.5])
      case 'BigInt':
        return this.#one([1n, 5, 9007199254740993n, 2n ** 70n])
      case 'Boolean':
        return this.#chance(0.5)
      case 'Decimal':
        return this.#one([new Prisma.Decimal('4.50'), 2, '3.25', 4.5, new Prisma.Decimal('1e-7')])
      case 'DateTime':
        return this.#one([
          new Date('2026-01-01'),
          '2026-01-01T00:00:00Z',
          new Date(0),
          new Date('-000044-03-15'),
          'no date',
        ])
      default:
        return this.#one([1, 1.5, 'x'])
    }
  }

  #sameOtherwise({ type, native }: Field, value: unknown): unknown {
    if (type === 'DateTime' && this.#chance(0.2)) return (value as Date).toISOString()
    if (native === 'Uuid' && this.#chance(0.1)) return String(value).toUpperCase()
    if (type === 'Decimal' && this.#chance(0.3)) return Number(value)
    return value
  }

  #key(model: string): Args {
    const id = { id: this.#value(model, this.#models.get(model)?.get('id') as Field) }
    const row = this.#sample(model)
    if (this.#chance(0.7) || !row) return id
    if (model === 'User') return { email: this.#one([row['email'], String(row['email']).toUpperCase()]) }
    if (model === 'WebUser') return { githubId: row['githubId'] }
    if (model === 'Repository') return { githubRepoId: row['githubRepoId'] }
    if (model === 'Trial') return { userId_pluginId: { userId: row['userId'], pluginId: row['pluginId'] } }
    return { ...id, ...(this.#chance(0.5) && { createdAt: { not: new Date(0) } }) }
  }

  #orderBy(model: string): unknown {
    const name = this.#one(this.#names(model, plain))
    const first = this.#one<unknown>([
      { [name]: 'asc' },
      { [name]: 'desc' },
      { [name]: { sort: 'desc', nulls: 'last' } },
      ...[...this.#fields(model)].flatMap((field) => {
        if (field.kind !== 'object') return []
        return [isList(model, field) ? { [field.name]: { _count: 'desc' } } : { [field.name]: { id: 'asc' } }]
      }),
    ])
    return this.#chance(0.2) ? { id: 'asc' } : [first, { id: 'asc' }]
  }

  #selection(model: string, depth = 0): Args {
    const relations = [...this.#fields(model)].filter(({ kind }) => kind === 'object')
    const nested = (): Args => {
      const field = relations.length > 0 && depth < 2 && this.#chance(0.6) ? this.#one(relations) : undefined
      return field ? { [field.name]: this.#chance(0.4) ? true : this.#nested(model, field, depth + 1) } : {}
    }
    const count = (): Args =>
      relations.some((field) => isList(model, field)) && this.#chance(0.2) ? { _count: true } : {}
    switch (this.#int(5)) {
      case 0:
        return { select: { id: true, ...this.#flags(model, 0.4), ...nested(), ...count() } }
      case 1:
        return { include: { ...nested(), ...nested(), ...count() } }
      case 2:
        return { omit: this.#flags(model, 0.3) }
      default:
        return {}
    }
  }

  #nested(model: string, field: Field, depth: number): Args {
    const selection = this.#selection(field.type, depth)
    if (!isList(model, field)) return selection
    const { take, skip, cursor: _cursor, ...list } = this.#list(field.type)
    return { ...list, ...(this.#chance(0.4) && { take, skip }), ...selection }
  }

  #flags(model: string, chance: number): Args {
    const names = this.#names(model, () => true).filter(() => this.#chance(chance))
    return Object.fromEntries(names.map((name) => [name, this.#chance(0.95)]))
  }

  /** Sometimes with something that Prisma refuses. */
  #spoiled(args: Args | undefined): Args | undefined {
    if (!args || !this.#chance(0.1)) return args
    return this.#one<Args>([
      { ...args, where: { ...(args['where'] as Args), nothing: 1 } },
      { ...args, orderBy: { id: 'upwards' } },
      { ...args, take: 'all' },
      { ...args, select: { id: true }, include: {} },
      { ...args, where: { id: undefined, OR: [] } },
      { ...args, where: { id: { in: [null] } } },
    ])
  }

  #fields(model: string): Iterable<Field> {
    return (this.#models.get(model) as ReadonlyMap<string, Field>).values()
  }

  #names(model: string, is: (field: Field) => boolean): string[] {
    return [...this.#fields(model)].filter((field) => field.kind === 'scalar' && is(field)).map(({ name }) => name)
  }

  #sample(model: string): Args | undefined {
    const rows = this.#samples.get(model) ?? []
    return rows.length > 0 ? this.#one(rows) : undefined
  }

  #some<T>(list: readonly T[]): T[] {
    const some = list.filter(() => this.#chance(2 / list.length))
    return some.length > 0 ? some : [this.#one(list)]
  }

  #int(below: number): number {
    return Math.floor(this.#random() * below)
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#int(list.length)] as T
  }

  #chance(of: number): boolean {
    return this.#random() < of
  }
}

const plain = ({ type, name }: Field): boolean => type !== 'Json' && name !== 'categories'

/** Of this schema: relations to many are called by a plural. */
const isList = (_model: string, { name }: Field): boolean => name.endsWith('s') || name === 'requiredBy'
