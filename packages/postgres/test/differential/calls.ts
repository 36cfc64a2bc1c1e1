import type { Choice } from './choice.js'
import type { Row, RowMaker, Stored } from './rows.js'
import { relationsOf, type SchemaField, type SchemaModel, scalarsOf } from './schema.js'
import { anyValue, wrongValue } from './values.js'

export const READS = [
  ...(['findUnique', 'findUniqueOrThrow', 'findFirst', 'findFirstOrThrow', 'findMany'] as const),
  ...(['count', 'aggregate', 'groupBy'] as const),
] as const
export const BULK = ['createMany', 'createManyAndReturn', 'updateMany', 'deleteMany'] as const
export type Action = (typeof READS)[number] | (typeof BULK)[number]

export interface Call {
  readonly model: SchemaModel
  readonly action: Action
  readonly args: Row
}

const NUMBERS = new Set(['Int', 'BigInt', 'Float', 'Decimal'])
const ORDERED = new Set([...NUMBERS, 'String', 'DateTime'])

/** Makes calls of every kind, with values that are stored, values at their edges, and some that are refused. */
export class CallMaker {
  readonly #models: ReadonlyMap<string, SchemaModel>
  readonly #rows: RowMaker
  readonly #choice: Choice
  readonly #stored: Stored

  constructor(models: ReadonlyMap<string, SchemaModel>, rows: RowMaker, choice: Choice, stored: Stored) {
    this.#models = models
    this.#rows = rows
    this.#choice = choice
    this.#stored = stored
  }

  call(model: SchemaModel, action: Action): Call {
    const args = this.#args(model, action)
    if (this.#choice.chance(0.22)) this.#spoil(model, action, args)
    return { model, action, args }
  }

  #args(model: SchemaModel, action: Action): Row {
    switch (action) {
      case 'findUnique':
      case 'findUniqueOrThrow':
        return { where: this.#unique(model), ...this.#selection(model, 2) }
      case 'findFirst':
      case 'findFirstOrThrow': {
        const { take, ...page } = this.#page(model)
        return { ...page, ...(take === -2 ? { take: -1 } : {}), ...this.#selection(model, 2) }
      }
      case 'findMany':
        return { ...this.#page(model), ...this.#selection(model, 2) }
      case 'count':
        return {
          ...this.#maybe('where', 0.7, () => this.#where(model, 2)),
          ...this.#maybe('take', 0.2, () => this.#choice.below(5)),
        }
      case 'aggregate':
        return this.#aggregate(model)
      case 'groupBy':
        return this.#groupBy(model)
      case 'createMany':
      case 'createManyAndReturn': {
        const data = Array.from({ length: 1 + this.#choice.below(6) }, () =>
          this.#rows.row(model, this.#stored, this.#choice.chance(0.7)),
        )
        if (this.#choice.chance(0.15)) data.push({ ...this.#choice.of(data) })
        const args = { data, ...this.#maybe('skipDuplicates', 0.3, () => this.#choice.chance(0.7)) }
        return action === 'createMany' ? args : { ...args, ...this.#scalars(model) }
      }
      case 'updateMany': {
        const field = this.#choice.of(scalarsOf(model).filter(({ name }) => !model.keys.flat().includes(name)))
        const row = this.#rows.row(model, this.#stored)
        const value = NUMBERS.has(field.type) && this.#choice.chance(0.3) ? { increment: 1 } : row[field.name]
        return { where: this.#where(model, 1), data: value === undefined ? {} : { [field.name]: value } }
      }
      case 'deleteMany':
        return { where: this.#where(model, 1) }
    }
  }

  #maybe(name: string, probability: number, value: () => unknown): Row {
    return this.#choice.chance(probability) ? { [name]: value() } : {}
  }

  /** A value that is stored in a field, or any that it might hold. */
  #value(model: SchemaModel, field: SchemaField): unknown {
    const rows = this.#stored.get(model.name) ?? []
    const stored = rows.length > 0 && this.#choice.chance(0.75) ? this.#choice.of(rows)[field.name] : undefined
    const value = stored ?? anyValue(field, this.#choice)
    return Array.isArray(value) && field.isList ? (value[0] ?? anyValue(field, this.#choice)) : value
  }

  #unique(model: SchemaModel): Row {
    const key = this.#choice.of(model.keys)
    const rows = this.#stored.get(model.name) ?? []
    const row = this.#choice.of(rows) ?? {}
    const values = Object.fromEntries(
      key.map((name) => {
        const field = model.fields.get(name) as SchemaField
        return [
          name,
          this.#choice.chance(0.85) ? (row[name] ?? anyValue(field, this.#choice)) : anyValue(field, this.#choice),
        ]
      }),
    )
    return key.length === 1 ? values : { [key.join('_')]: values }
  }

  #where(model: SchemaModel, depth: number): Row {
    const where: Row = {}
    for (const field of this.#choice.some(scalarsOf(model), 2)) where[field.name] = this.#filter(model, field)
    if (depth > 0 && this.#choice.chance(0.3)) {
      const relation = this.#choice.of(relationsOf(model))
      const related = relation && this.#models.get(relation.type)
      if (related) {
        const operator = relation.isList ? this.#choice.of(['some', 'every', 'none']) : this.#choice.of(['is', 'isNot'])
        const nothing = !relation.isList && relation.isOptional && this.#choice.chance(0.3)
        where[relation.name] = { [operator]: nothing ? null : this.#where(related, depth - 1) }
      }
    }
    if (depth > 0 && this.#choice.chance(0.3)) {
      const operator = this.#choice.of(['AND', 'OR', 'NOT'])
      where[operator] = this.#choice.chance(0.3)
        ? this.#where(model, depth - 1)
        : Array.from({ length: this.#choice.below(3) }, () => this.#where(model, depth - 1))
      if (operator === 'OR' && !Array.isArray(where[operator])) where[operator] = [where[operator]]
    }
    return where
  }

  #filter(model: SchemaModel, field: SchemaField): unknown {
    const value = () => this.#value(model, field)
    const values = () => Array.from({ length: this.#choice.below(4) }, value)
    if (field.isList)
      return this.#choice.of([
        { has: value() },
        { hasSome: values() },
        { hasEvery: values() },
        { isEmpty: this.#choice.chance(0.5) },
        { equals: values() },
      ])
    if (field.isOptional && field.type !== 'Json' && this.#choice.chance(0.15))
      return this.#choice.of<unknown>([null, { not: null }])
    if (field.type === 'Json')
      return this.#choice.of([
        { equals: value() },
        { not: value() },
        { path: ['a'], equals: value() },
        { array_contains: value() },
      ])
    if (field.type === 'Bytes') return this.#choice.of<unknown>([value(), { equals: value() }, { in: values() }])
    const filters: unknown[] = [value(), { equals: value() }, { not: value() }, { in: values() }, { notIn: values() }]
    if (ORDERED.has(field.type)) filters.push({ lt: value() }, { gte: value(), lte: value() }, { gt: value() })
    if (field.type === 'String' && field.native !== 'Uuid') {
      const text = () => String(value()).slice(0, 3)
      filters.push(
        { contains: text() },
        { startsWith: text(), mode: 'insensitive' },
        { endsWith: text(), not: { contains: text() } },
      )
    }
    return this.#choice.of(filters)
  }

  #selection(model: SchemaModel, depth: number): Row {
    const kind = this.#choice.below(4)
    if (kind === 0) return {}
    if (kind === 1) return this.#scalars(model)
    const relations = depth > 0 ? relationsOf(model) : []
    if (relations.length === 0) return this.#scalars(model)
    const chosen = Object.fromEntries(
      this.#choice.some(relations, 2).map((relation) => {
        const related = this.#models.get(relation.type) as SchemaModel
        const nested = this.#choice.chance(0.4) ? this.#selection(related, depth - 1) : {}
        return [
          relation.name,
          relation.isList ? { ...this.#page(related), ...nested } : Object.keys(nested).length > 0 ? nested : true,
        ]
      }),
    )
    const lists = relations.filter(({ isList }) => isList)
    const counted =
      lists.length > 0 && this.#choice.chance(0.2)
        ? { _count: { select: { [this.#choice.of(lists).name]: true } } }
        : {}
    if (kind === 2) return { include: { ...chosen, ...counted } }
    const scalars = this.#choice.some(scalarsOf(model), 4).map(({ name }) => [name, true])
    return { select: { ...Object.fromEntries(scalars), ...chosen, ...counted } }
  }

  #scalars(model: SchemaModel): Row {
    const names = this.#choice.some(scalarsOf(model), 4).map(({ name }) => [name, true])
    return this.#choice.of([{}, { select: Object.fromEntries(names) }, { omit: Object.fromEntries(names.slice(0, 2)) }])
  }

  #page(model: SchemaModel): Row {
    const scalars = scalarsOf(model).filter(({ type, isList }) => type !== 'Json' && !isList)
    return {
      ...this.#maybe('where', 0.6, () => this.#where(model, 1)),
      ...this.#maybe('orderBy', 0.6, () => {
        const orders = this.#choice.some(scalars, 2).map(({ name, isOptional }) => ({
          [name]:
            isOptional && this.#choice.chance(0.3)
              ? { sort: this.#choice.of(['asc', 'desc']), nulls: this.#choice.of(['first', 'last']) }
              : this.#choice.of(['asc', 'desc']),
        }))
        return this.#choice.chance(0.3) ? orders[0] : orders
      }),
      ...this.#maybe('take', 0.4, () => this.#choice.of([0, 1, 2, 5, -2, 100])),
      ...this.#maybe('skip', 0.25, () => this.#choice.below(4)),
      ...this.#maybe('cursor', 0.12, () => this.#unique(model)),
      ...this.#maybe('distinct', 0.12, () => this.#choice.some(scalars, 2).map(({ name }) => name)),
    }
  }

  #aggregate(model: SchemaModel): Row {
    return { ...this.#maybe('where', 0.5, () => this.#where(model, 1)), ...this.#aggregations(model) }
  }

  #aggregations(model: SchemaModel): Row {
    const scalars = scalarsOf(model)
    const numbers = scalars.filter(({ type, isList }) => NUMBERS.has(type) && !isList)
    const ordered = scalars.filter(({ type, isList, native }) => ORDERED.has(type) && !isList && native !== 'Uuid')
    const chosen = (fields: readonly SchemaField[]) =>
      Object.fromEntries(this.#choice.some(fields, 2).map(({ name }) => [name, true]))
    return {
      _count: this.#choice.chance(0.5) ? true : { _all: true, ...chosen(scalars) },
      ...(numbers.length > 0 ? { [this.#choice.of(['_sum', '_avg'])]: chosen(numbers) } : {}),
      ...(ordered.length > 0 ? { [this.#choice.of(['_min', '_max'])]: chosen(ordered) } : {}),
    }
  }

  #groupBy(model: SchemaModel): Row {
    const scalars = scalarsOf(model).filter(({ type, isList }) => type !== 'Json' && type !== 'Bytes' && !isList)
    const by = this.#choice.some(scalars, 2).map(({ name }) => name)
    return {
      by,
      ...this.#maybe('where', 0.5, () => this.#where(model, 1)),
      ...this.#aggregations(model),
      orderBy: by.map((name) => ({ [name]: this.#choice.of(['asc', 'desc']) })),
      ...this.#maybe('take', 0.3, () => 3),
      ...this.#maybe('having', 0.2, () => ({ [by[0] ?? '']: { _count: { gt: 0 } } })),
    }
  }

  /** Makes a call one that is refused, by Prisma or by the server. */
  #spoil(model: SchemaModel, action: Action, args: Row): void {
    const field = this.#choice.of(scalarsOf(model))
    const wrong = wrongValue(field, this.#choice)
    const target = (Array.isArray(args['data']) ? this.#choice.of(args['data']) : (args['data'] ?? args['where'])) as
      | Row
      | undefined
    switch (this.#choice.below(4)) {
      case 0:
        args['unknown'] = 1
        break
      case 1:
        if (target) target['unknown'] = 1
        else args['where'] = { unknown: 1 }
        break
      case 2:
        if (action.startsWith('createMany') && target)
          delete target[
            this.#choice.of(scalarsOf(model).filter(({ hasDefault, isOptional }) => !hasDefault && !isOptional))
              ?.name ?? ''
          ]
        else args['select'] = { unknown: true }
        break
      default:
        if (target) target[field.name] = wrong
        else args['where'] = { [field.name]: wrong }
    }
  }
}
