import { idAt } from '../../src/index.js'
import * as domain from '../../src/schema/domain.js'
import type { Choice } from './choice.js'
import { parentOf, type SchemaField, type SchemaModel, scalarsOf } from './schema.js'
import { anyValue } from './values.js'

export type Row = Record<string, unknown>
/** What tables hold, by model. */
export type Stored = ReadonlyMap<string, readonly Row[]>

/** What checks of the database ask for, by `Model.field` or by the field alone. */
const SPECIAL: Readonly<Record<string, (choice: Choice, serial: number) => unknown>> = {
  'User.role': (choice) => choice.of(domain.userRoles),
  tier: (choice) => choice.of(domain.pluginTiers),
  billingPeriod: (choice) => choice.of(domain.billingPeriods),
  'Subscription.status': (choice) => choice.of(domain.subscriptionStatuses),
  'UsageEvent.eventType': (choice) => choice.of(domain.usageEventTypes),
  'UsageEvent.meter': () => 'agent_executions',
  'UsageEvent.quantity': () => undefined, // it asks for a meter, as an agent does for one of them
  'UsageEvent.agent': () => undefined,
  stateVersion: (choice) => choice.of([0, 1.5, 1_764_527_400_000]),
  'PluginSubmission.status': (choice) => choice.of(domain.submissionStatuses),
  'Log.level': (choice) => choice.of(domain.logLevels),
  agentType: (choice) => choice.of(domain.agentTypes),
  'AgentExecution.status': (choice) => choice.of(domain.executionStatuses),
  'ExecutionLog.logLevel': (choice) => choice.of(domain.executionLogLevels),
  messageType: (choice) => choice.of(domain.lineMessageTypes),
  email: (_, serial) => `Somebody.${serial}@example.com`,
  currency: (choice) => choice.of(['USD', 'JPY']),
  period: (_, serial) => `20${String(10 + (serial % 80))}-0${1 + (serial % 9)}`,
  'Plugin.rating': (choice) => choice.of<unknown>([0, 1.25, '4.50', 5]),
  'PluginReview.rating': (choice) => 1 + choice.below(5),
  qualityScore: (choice) => choice.below(101),
  trialPeriod: (choice) => choice.below(40),
  issueNumber: (choice) => choice.below(9),
  price: (choice) => choice.of([0, 9, 2 ** 31 - 1]),
  downloads: (choice) => choice.below(1000),
  issues: (choice) => choice.below(9),
  tokens: (choice) => choice.of<unknown>([0, 5n, 2n ** 62n]),
  githubId: (_, serial) => BigInt(serial) + 2n ** 40n,
  githubRepoId: (_, serial) => serial,
  agentExecutions: () => ({ CodeGen: 3 }),
  revoked: () => false,
  revokedAt: () => undefined,
  startedAt: () => new Date('2024-05-05T05:05:05.005Z'),
  completedAt: () => new Date('2024-05-06T05:05:05.005Z'),
  expiresAt: () => new Date('2099-01-01T00:00:00.000Z'),
}

/** Models whose tables are by month. */
const BY_MONTH: ReadonlySet<string> = new Set(['UsageEvent', 'Log', 'ExecutionLog', 'LineMessage'])
const PAST = [new Date('1970-01-01T00:00:00.000Z'), new Date('2024-02-29T23:59:59.999Z')]

/** Makes rows that their tables take. What has to be unique is made of a number that no other row has. */
export class RowMaker {
  readonly #models: ReadonlyMap<string, SchemaModel>
  readonly #choice: Choice
  #serial = 0

  constructor(models: ReadonlyMap<string, SchemaModel>, choice: Choice) {
    this.#models = models
    this.#choice = choice
  }

  /** A row with an id of its own, or with that which the database makes. */
  row(model: SchemaModel, stored: Stored, hasOwnId = true): Row {
    this.#serial += 1
    const row: Row = {}
    for (const field of scalarsOf(model)) {
      const isKey = model.keys.some((key) => key.length === 1 && key[0] === field.name)
      if (field.hasDefault && (isKey ? !hasOwnId : this.#choice.chance(0.5))) continue
      const value = this.#value(model, field, isKey, stored)
      if (value !== undefined) row[field.name] = value
    }
    return BY_MONTH.has(model.name) ? this.#ofItsTime(row) : row
  }

  /** Tables by month take an id of the row's time; that which the database makes is of now. */
  #ofItsTime({ id, createdAt: _, ...row }: Row): Row {
    if (id === undefined) return row
    const createdAt = this.#choice.of(PAST)
    const own = `${idAt(createdAt).slice(0, 13)}-7000-8000-${String(this.#serial).padStart(12, '0')}`
    return { id: own, ...row, createdAt }
  }

  /** The models, each behind those that it refers to. */
  inOrder(): SchemaModel[] {
    const order: SchemaModel[] = []
    const visit = (model: SchemaModel): void => {
      if (order.includes(model)) return
      for (const { type, references } of model.fields.values()) {
        const parent = this.#models.get(type)
        if (references.length > 0 && parent && parent !== model) visit(parent)
      }
      order.push(model)
    }
    for (const model of this.#models.values()) visit(model)
    return order
  }

  #value(model: SchemaModel, field: SchemaField, isKey: boolean, stored: Stored): unknown {
    const parent = parentOf(model, field.name)
    if (field.isOptional && this.#choice.chance(0.3))
      return field.type === 'Json' ? undefined : this.#choice.of([null, undefined])
    if (parent !== undefined) {
      const rows = stored.get(parent) ?? []
      return rows.length > 0
        ? this.#choice.of(rows)[this.#models.get(parent)?.keys[0]?.[0] ?? '']
        : field.isOptional
          ? null
          : undefined
    }
    const special = SPECIAL[`${model.name}.${field.name}`] ?? SPECIAL[field.name]
    if (special) return special(this.#choice, this.#serial)
    if (isKey) return this.#key(field)
    if (field.isList) return Array.from({ length: this.#choice.below(3) }, () => anyValue(field, this.#choice))
    return anyValue(field, this.#choice)
  }

  #key({ type, native, name }: SchemaField): unknown {
    if (native === 'Uuid') return `00000000-0000-4000-8000-${String(this.#serial).padStart(12, '0')}`
    if (type === 'String') return `${name.toLowerCase()}-${this.#serial}`
    return type === 'BigInt' ? BigInt(this.#serial) : type === 'DateTime' ? new Date(this.#serial) : this.#serial
  }
}
