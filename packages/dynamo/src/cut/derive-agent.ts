import { type DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { isTerminal } from '../agent-state/state.js'
import type { AgentStatus } from '../agent-state/statuses.js'
import { keptFrom } from '../agent-state/storage.js'
import type { AttributeItem } from '../items/attribute-values.js'
import { toSeconds } from '../items/store.js'
import { defaultRetention } from '../options.js'
import { entityOf, itemAtCut } from './item-at-cut.js'

/** An agent that was saved after the cut. */
export interface ChangedAgent {
  readonly client: DynamoDBClient
  /** The full name, with the prefix. */
  readonly table: string
  /** Its partition. */
  readonly pk: string
  /** Milliseconds since 1970. */
  readonly cutMs: number
  /** How long the current state of an ended agent is kept. Default 7 days. */
  readonly endedMs?: number | undefined
}

/**
 * Returns the items of an agent's state at the cut that {@link itemAtCut} did not keep:
 *
 * - the current state, if the stored one is newer: it is derived from the last version of the cut. A writer that
 *   overwrites a current state has made sure that its version is in the history.
 * - if clocks differ, the versions between those of the cut, and their receipts: a state is never in the cut without
 *   those before it.
 *
 * @returns nothing for an agent that was first saved after the cut.
 */
export async function deriveAgent(agent: ChangedAgent): Promise<AttributeItem[]> {
  const { cutMs } = agent
  const current = await readItem(agent, CURRENT)
  // A version is never before the time it was written: everything written after the cut has a higher one.
  const later = await readVersions(agent, cutMs)
  const known = current && itemAtCut(current, cutMs).isKept ? [...later, current] : later
  const last = highest(known.filter((item) => itemAtCut(item, cutMs).isKept)) ?? (await readVersionUntil(agent, cutMs))
  if (last === undefined) return []
  const between = later.filter((item) => versionOf(item) < versionOf(last) && !itemAtCut(item, cutMs).isKept)
  const receipts = await Promise.all(
    between.flatMap(({ id }) => (id?.S === undefined ? [] : [readItem(agent, `${RECEIPT}${id.S}`)])),
  )
  const isCurrentNewer = current !== undefined && !itemAtCut(current, cutMs).isKept
  return [
    ...(isCurrentNewer ? [currentOf(last, agent.endedMs ?? defaultRetention.endedAgentsMs)] : []),
    ...between,
    ...receipts.filter((receipt) => receipt !== undefined),
  ]
}

const CURRENT = '$agent_1'
const VERSION = '$agentVersion_1#version_'
const RECEIPT = '$agentSave_1#id_'
const VERSION_DIGITS = 16

/** The current state that a version was when it was saved. */
export function currentOf(version: AttributeItem, endedMs: number): AttributeItem {
  const { ttl: _, ...item } = version
  const from = keptFrom({ updatedAt: Number(item['updatedAt']?.N), version: versionOf(version) })
  const hasEnded = isTerminal(item['status']?.S as AgentStatus)
  return {
    ...item,
    sk: { S: CURRENT },
    __edb_e__: { S: 'agent' },
    ...(hasEnded && { ttl: { N: String(toSeconds(from + endedMs)) } }),
  }
}

const versionOf = (item: AttributeItem): number => Number(item['version']?.N)

const highest = (items: readonly AttributeItem[]): AttributeItem | undefined =>
  items.reduce<AttributeItem | undefined>(
    (found, item) => (found === undefined || versionOf(item) >= versionOf(found) ? item : found),
    undefined,
  )

async function readItem({ client, table, pk }: ChangedAgent, sk: string): Promise<AttributeItem | undefined> {
  const Key = { pk: { S: pk }, sk: { S: sk } }
  return (await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }))).Item
}

/** The versions above a moment, oldest first: as many as were saved since. */
async function readVersions(agent: ChangedAgent, aboveMs: number): Promise<AttributeItem[]> {
  const items: AttributeItem[] = []
  for (let ExclusiveStartKey: AttributeItem | undefined; ; ) {
    const range = [keyOf(aboveMs + 1), `${VERSION}~`] as const
    const page = await agent.client.send(
      new QueryCommand({ ...query(agent, range), ...(ExclusiveStartKey && { ExclusiveStartKey }) }),
    )
    items.push(...(page.Items ?? []))
    ExclusiveStartKey = page.LastEvaluatedKey
    if (ExclusiveStartKey === undefined) return items.filter((item) => entityOf(item) === 'agentVersion')
  }
}

/** The last version up to a moment. */
async function readVersionUntil(agent: ChangedAgent, untilMs: number): Promise<AttributeItem | undefined> {
  const range = [VERSION, keyOf(untilMs)] as const
  const command = new QueryCommand({ ...query(agent, range), ScanIndexForward: false, Limit: 1 })
  return (await agent.client.send(command)).Items?.[0]
}

const keyOf = (version: number): string => `${VERSION}${String(version).padStart(VERSION_DIGITS, '0')}`

const query = ({ table, pk }: ChangedAgent, [from, to]: readonly [string, string]) => ({
  TableName: table,
  ConsistentRead: true,
  KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
  ExpressionAttributeValues: { ':pk': { S: pk }, ':from': { S: from }, ':to': { S: to } },
})
