import { hash } from 'node:crypto'
import { DynamoInputError } from '../errors/errors.js'
import { assertTime } from '../items/ids.js'

export const DAY_MS = 86_400_000

/** The number of shards from a UTC day on. */
export interface ShardStep {
  /** `YYYY-MM-DD`. */
  readonly from: string
  readonly shards: number
}

/** How many shards the events of one kind of key have, by day. */
export interface ShardSteps {
  /** For every key that is not named. Before its first step, the default plan applies. */
  readonly all?: readonly ShardStep[] | undefined
  /** For single hot keys. Before the first step of a key, `all` applies to it. */
  readonly named?: Readonly<Record<string, readonly ShardStep[]>> | undefined
}

/**
 * The number of partitions over which the events of one type on one day, of one user and of one repository are spread.
 * One partition takes 1,000 write units a second; a key needs `peak events/s x write units of one / 700` shards, and a
 * page of it costs one query for each.
 *
 * To change a number, add a step that begins on a later UTC day, and keep the old ones: they locate the old events.
 * Deploy a step everywhere a day before its day begins, as an event may be that far ahead; writers and readers need the
 * same plan.
 */
export interface ShardPlan {
  readonly types?: ShardSteps | undefined
  readonly users?: ShardSteps | undefined
  readonly repositories?: ShardSteps | undefined
}

/** The kinds of key that events are read by. */
export type ShardedBy = keyof ShardPlan

/**
 * Applies if a plan does not define a key: carries about 2,800 events of 1 KB a second of one type, and 700 of one user
 * or one repository.
 */
export const defaultShards: Readonly<Record<ShardedBy, number>> = { types: 4, users: 1, repositories: 1 }

/** The UTC day of a time, `YYYY-MM-DD`. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** When a UTC day begins. */
export const dayStart = (day: string): number => Date.parse(`${day}T00:00:00.000Z`)

/** How many shards a key has on a day. */
export function shardsOn(plan: ShardPlan, by: ShardedBy, key: string, day: string): number {
  const { all = [], named = {} } = plan[by] ?? {}
  const own = Object.hasOwn(named, key) ? (named[key] ?? []) : []
  const step = stepOn(own, day) ?? stepOn(all, day)
  return step?.shards ?? defaultShards[by]
}

const stepOn = (steps: readonly ShardStep[], day: string): ShardStep | undefined =>
  steps.findLast(({ from }) => from <= day)

/** The most shards an index partition has had between two days: an index is not divided by days. */
export function shardsBetween(plan: ShardPlan, by: ShardedBy, key: string, firstDay: string, lastDay: string): number {
  const { all = [], named = {} } = plan[by] ?? {}
  const own = Object.hasOwn(named, key) ? (named[key] ?? []) : []
  const changes = [...all, ...own].map(({ from }) => from).filter((from) => from > firstDay && from <= lastDay)
  return Math.max(...[firstDay, ...changes].map((day) => shardsOn(plan, by, key, day)))
}

/** The shard of an id among `shards`. */
export function shardOf(id: string, shards: number): number {
  return shards === 1 ? 0 : Number.parseInt(hash('sha1', id, 'hex').slice(0, 8), 16) % shards
}

/** @throws {DynamoInputError} naming the step: not a day, not in order, not 1 to 9,999 shards. */
export function assertShardPlan(plan: ShardPlan): void {
  for (const by of ['types', 'users', 'repositories'] as const) {
    const { all = [], named = {} } = plan[by] ?? {}
    assertSteps(`shards.${by}.all`, all)
    for (const [key, steps] of Object.entries(named)) assertSteps(`shards.${by}.named[${JSON.stringify(key)}]`, steps)
  }
}

function assertSteps(name: string, steps: readonly ShardStep[]): void {
  let before = ''
  for (const { from, shards } of steps) {
    const start = dayStart(from)
    if (Number.isNaN(start) || dayOf(assertTime(start, name)) !== from) {
      throw new DynamoInputError(name, `has a step from ${JSON.stringify(from)}; expected a day, YYYY-MM-DD`)
    }
    if (from <= before) throw new DynamoInputError(name, `is not in ascending order of days at ${from}`)
    if (!Number.isInteger(shards) || shards < 1 || shards > 9999) {
      throw new DynamoInputError(name, `has ${shards} shards from ${from}; expected 1 to 9999`)
    }
    before = from
  }
}
