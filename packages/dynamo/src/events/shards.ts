import { createHash } from 'node:crypto'
import { DynamoInputError } from '../errors.js'
import { assertTime } from '../ids.js'

export const DAY_MS = 86_400_000

/** From a UTC day on, so many shards. */
export interface ShardStep {
  /** `YYYY-MM-DD`. */
  readonly from: string
  readonly shards: number
}

/**
 * Into how many partitions the events of one key are spread. One partition takes 1,000 write units a second; a key
 * needs `peak events/s x write units of one / 700` shards, and a page of it costs a query each.
 *
 * To change a number, add a step that begins on a later UTC day, and keep the old ones: they say where the old events are. A step must be deployed everywhere
 * before its day begins.
 */
export interface ShardPlan {
  /** Events of one type on one day, for types that are not named below. */
  readonly types: readonly ShardStep[]
  /** For single types. */
  readonly type: Readonly<Record<string, readonly ShardStep[]>>
  /** Events of one user. */
  readonly users: readonly ShardStep[]
  /** Events of one repository. */
  readonly repositories: readonly ShardStep[]
}

/** Carries about 2,800 events of 1 KB a second of one type, and 700 of one user or one repository. */
export const defaultShardPlan: ShardPlan = {
  types: [{ from: '1970-01-01', shards: 4 }],
  type: {},
  users: [{ from: '1970-01-01', shards: 1 }],
  repositories: [{ from: '1970-01-01', shards: 1 }],
}

/** The UTC day of a time, `YYYY-MM-DD`. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** When a UTC day begins. */
export const dayStart = (day: string): number => Date.parse(`${day}T00:00:00.000Z`)

/** How many shards a day has. */
export function shardsOn(steps: readonly ShardStep[], day: string): number {
  return steps.findLast((step) => step.from <= day)?.shards ?? 1
}

/** How many shards an index partition has had at most between two days: an index is not divided by days. */
export function shardsBetween(steps: readonly ShardStep[], firstDay: string, lastDay: string): number {
  const within = steps.filter(({ from }) => from > firstDay && from <= lastDay).map(({ shards }) => shards)
  return Math.max(shardsOn(steps, firstDay), ...within)
}

/** The shard of an id among `shards`. */
export function shardOf(id: string, shards: number): number {
  return shards === 1 ? 0 : createHash('sha1').update(id).digest().readUInt32BE(0) % shards
}

/** The steps for one type. */
export const typeSteps = (plan: ShardPlan, eventType: string): readonly ShardStep[] =>
  Object.hasOwn(plan.type, eventType) ? (plan.type[eventType] ?? plan.types) : plan.types

/** @throws {DynamoInputError} naming the step: not a day, not in order, not 1 to 9,999 shards. */
export function assertShardPlan(plan: ShardPlan): void {
  const lists = { types: plan.types, users: plan.users, repositories: plan.repositories }
  const named = Object.entries(plan.type).map(([type, steps]) => [`type[${JSON.stringify(type)}]`, steps] as const)
  for (const [name, steps] of [...Object.entries(lists), ...named]) {
    let before = ''
    for (const { from, shards } of steps) {
      const start = dayStart(from)
      if (Number.isNaN(start) || dayOf(assertTime(start, 'day')) !== from) {
        throw new DynamoInputError(
          `shards.${name}`,
          `has a step from ${JSON.stringify(from)}; expected a day, YYYY-MM-DD`,
        )
      }
      if (from <= before) throw new DynamoInputError(`shards.${name}`, `is not in the order of days at ${from}`)
      if (!Number.isInteger(shards) || shards < 1 || shards > 9999) {
        throw new DynamoInputError(`shards.${name}`, `has ${shards} shards from ${from}; expected 1 to 9999`)
      }
      before = from
    }
  }
}
