import { currentAgentStateEntity } from '../agent-state/entity.js'
import { indexPartition } from '../events/event.js'
import { type ShardedBy, type ShardPlan, shardsBetween } from '../events/shards.js'
import { queueEntity } from '../messages/entity.js'
import type { PersonTable } from './kinds.js'

/** The identifiers of a person in DynamoDB. Each is compared exactly as spelled. */
export interface PersonKeys {
  /** `userId` of events, `recipient` of messages, `agentId` of states. */
  readonly names: readonly string[]
  /** `repositoryId` of events: events in a person's repository are deleted with it, whoever caused them. */
  readonly repositories: readonly string[]
  /** `agentId` of the states of a person's executions. */
  readonly agents: Iterable<string>
}

/** Items that one query finds. */
export interface PersonPartition {
  readonly table: PersonTable
  readonly index?: string
  readonly attribute: string
  readonly value: string
  /** An event found here may also have a matching `userId`, and counts under that. */
  readonly except?: ReadonlySet<string>
}

/** Before and after all days: every shard that a key has ever had. */
const EVER = { first: '0000-01-01', last: '9999-12-31' }

/** The places where a person's items may be, one query after another. */
export function* partitionsOf(
  { names, repositories, agents }: PersonKeys,
  plan: ShardPlan,
): Generator<PersonPartition> {
  const inIndex = (by: Exclude<ShardedBy, 'types'>, owner: string): PersonPartition[] => {
    const [index, attribute] = by === 'users' ? (['byUser', 'up'] as const) : (['byRepository', 'rp'] as const)
    return Array.from({ length: shardsBetween(plan, by, owner, EVER.first, EVER.last) }, (_, shard) => ({
      table: 'events',
      index,
      attribute,
      value: indexPartition(owner, shard),
    }))
  }
  for (const name of names) yield* inIndex('users', name)
  const except = new Set(names)
  for (const repository of repositories) for (const one of inIndex('repositories', repository)) yield { ...one, except }
  const states = currentAgentStateEntity('any')
  for (const ids of [names, agents])
    for (const agentId of ids)
      yield { table: 'agentState', attribute: 'pk', value: pkOf(states.get({ agentId }).params<Keyed>()) }
  const queues = queueEntity('any')
  for (const recipient of names)
    yield { table: 'messages', attribute: 'pk', value: pkOf(queues.get({ recipient }).params<Keyed>()) }
}

interface Keyed {
  readonly Key: { readonly pk: string }
}

const pkOf = ({ Key }: Keyed): string => Key.pk
