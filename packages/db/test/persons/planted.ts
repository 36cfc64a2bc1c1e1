import { randomBytes, randomUUID } from 'node:crypto'
import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import type { DatabaseContext, Identity } from '../../src/index.js'

/** A person with data in every place, each with the person's own marker in it. */
export interface Planted {
  readonly identity: Identity
  readonly id: string
  readonly marker: string
}

/** Runs a statement, and answers its rows. */
export type Ask = (text: string, values?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>

/** What the people of a test share. */
export interface Common {
  readonly db: DatabaseContext
  /** SQL as the service. */
  readonly ask: Ask
  /** SQL as the owner of the tables. */
  readonly owner: Ask
  /** Of the tables in DynamoDB. */
  readonly prefix: string
  /** A plugin of nobody's. */
  readonly pluginId: string
}

const newMarker = (): string => `mk${randomBytes(6).toString('hex')}`

/** Inserts a row and answers its id. */
async function insert(ask: Ask, table: string, row: Readonly<Record<string, unknown>>): Promise<string> {
  const columns = Object.keys(row)
  const values = Object.values(row).map((value) => (isDocument(value) ? JSON.stringify(value) : value))
  const [stored] = await ask(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((_, i) => `$${i + 1}`).join(', ')}) RETURNING *`,
    values,
  )
  return String(stored?.['id'])
}

const isDocument = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)

/** Effects and dead letters of a person, with the marker in each column that takes a text. */
async function plantMachinery({ ask, owner }: Common, kind: 'user' | 'web_user', id: string, m: string): Promise<void> {
  const effect = { id: randomUUID(), key: m, topic: m, payload: { m }, actor_kind: kind, actor: id }
  await insert(ask, 'outbox', effect)
  await ask('UPDATE outbox SET last_error = $1 WHERE id = $2', [m, effect.id])
  // By the service, on what there is of the person.
  const recipient = { recipient: id, messageType: 'ping', payload: { m } }
  for (const [topic, payload] of [
    ['messages.enqueue', recipient],
    ['events.append', { eventType: 'x', userId: id, data: { m } }],
  ] as const)
    await insert(ask, 'outbox', { id: randomUUID(), topic, payload })
  await insert(ask, 'outbox_dead', {
    ...effect,
    id: randomUUID(),
    partition: 1,
    position: String(BigInt(`0x${randomBytes(6).toString('hex')}`)),
    last_error: m,
  })
  const record = { eventName: 'INSERT', dynamodb: { NewImage: { u: { S: id }, d: { M: { note: { S: m } } } } } }
  await insert(ask, 'stream_dead', {
    consumer: m,
    stream: m,
    shard: m,
    sequence: m,
    record,
    code: m,
    message: `${m} ${id}`,
  })
  await insert(ask, 'logs', { level: 'info', message: `${m} signed in: ${id}.`, data: { m } })
  await insert(ask, 'logs', { level: 'info', message: m, data: { text: `line\n${id}` } })
  await insert(owner, 'commit_marks', { id: randomUUID(), given_up: true, actor_kind: kind, actor: id })
}

export async function plantUser(common: Common): Promise<Planted> {
  const { ask, pluginId } = common
  const m = newMarker()
  const email = `${m}@Example.com`
  const id = await insert(ask, 'users', { email, name: m, stripe_customer_id: `cus_${m}` })
  const own = { user_id: id, plugin_id: pluginId }
  const plugin = { name: 'p', display_name: 'P', source: 'github:o/p', version: '1.0.0', tier: 'pro' }
  await insert(ask, 'plugins', { ...plugin, id: `plugin-${randomUUID()}`, author_id: id })
  await insert(ask, 'plugin_reviews', { ...own, rating: 4, comment: m })
  await insert(ask, 'plugin_submissions', { user_id: id, plugin_data: { m }, security_scan: { m }, review_notes: m })
  const stripe = { stripe_subscription_id: `sub_${m}`, stripe_customer_id: `cus_${m}` }
  await insert(ask, 'subscriptions', { ...own, ...stripe, tier: 'pro', license_key: `s-${m}`, status: 'active' })
  await insert(ask, 'licenses', { ...own, license_key: `l-${m}`, tier: 'pro' })
  await insert(ask, 'trials', { ...own, license_key: `t-${m}`, expires_at: '2999-01-01' })
  await insert(ask, 'revoked_licenses', { license_key: `s-${m}`, reason: `asked by ${m}` })
  await insert(ask, 'usage_events', {
    ...own,
    event_type: 'command_used',
    event_data: { m },
    quantity: 3,
    meter: 'tokens',
  })
  await insert(ask, 'usage_aggregates', { ...own, period: '2026-11', tokens: '9007199254740993' })
  await plantMachinery(common, 'user', id, m)
  await insert(ask, 'logs', { level: 'info', message: `mail to <${email.toLowerCase()}>`, data: { m } })
  await plantItems(common, m, { userIds: [id, email], agentId: id, recipient: id })
  return { identity: { userId: id }, id, marker: m }
}

export async function plantWebUser(common: Common): Promise<Planted> {
  const { ask } = common
  const m = newMarker()
  const lineUserId = `U${m}`
  const id = await insert(ask, 'web_users', {
    github_id: BigInt(`0x${randomBytes(6).toString('hex')}`),
    github_username: m,
    email: `${m}@example.com`,
    avatar_url: `https://avatars.example.com/${m}`,
    line_user_id: lineUserId,
  })
  const repository = await insert(ask, 'repositories', {
    user_id: id,
    github_repo_id: BigInt(`0x${randomBytes(6).toString('hex')}`),
    owner: m,
    name: m,
    full_name: `${m}/${m}`,
    default_branch: m,
  })
  const own = { user_id: id, repository_id: repository }
  await insert(ask, 'workflows', { ...own, name: m, description: m, definition: { nodes: [{ m }], edges: [] } })
  const agentId = await insert(ask, 'agent_executions', {
    ...own,
    agent_type: 'CodeGen',
    error_message: m,
    result: { m },
    options: { m },
  })
  await insert(ask, 'execution_logs', { execution_id: agentId, log_level: 'INFO', message: m, metadata: { m } })
  const line = { line_user_id: lineUserId, message_type: 'text', message_text: m, parsed_intent: m }
  await insert(ask, 'line_messages', { ...line, user_id: id })
  await insert(ask, 'line_messages', line) // from before the account was linked
  await insert(ask, 'websocket_connections', { user_id: id, connection_id: `c-${m}` })
  await plantMachinery(common, 'web_user', id, m)
  for (const [topic, payload] of [
    ['agentState.save', { agentId, status: 'running', currentTask: m }],
    ['events.append', { eventType: 'x', repositoryId: repository, data: { m } }],
  ] as const)
    await insert(ask, 'outbox', { id: randomUUID(), topic, payload })
  await plantItems(common, m, { userIds: [id, m], repositoryIds: [repository, `${m}/${m}`], agentId, recipient: id })
  return { identity: { webUserId: id }, id, marker: m }
}

interface Items {
  readonly userIds: readonly string[]
  readonly repositoryIds?: readonly string[]
  readonly agentId: string
  readonly recipient: string
}

/** Items of every kind that DynamoDB may hold of a person. */
async function plantItems(
  { db: { dynamodb }, prefix }: Common,
  m: string,
  { userIds, repositoryIds = [], agentId, recipient }: Items,
): Promise<void> {
  const data = { note: m, big: 2n ** 60n }
  await dynamodb.events.appendMany([
    ...userIds.map((userId) => ({ eventType: 'webhook', userId, data })),
    ...repositoryIds.map((repositoryId) => ({ eventType: 'webhook', repositoryId, data })),
    { eventType: 'webhook', userId: userIds[0], repositoryId: repositoryIds[0], data },
  ])
  const first = { agentId, status: 'pending', expectedVersion: 0, currentTask: m, id: m } as const
  const { version } = await dynamodb.agentState.save(first)
  await dynamodb.agentState.save({ agentId, status: 'running', expectedVersion: version, stateData: { m } })
  const sent = { recipient, messageType: 'ping', payload: { m }, connectionId: m } as const
  for (const id of [m, undefined]) await dynamodb.messages.enqueue({ ...sent, id })
  // Written where a clock is ahead; nobody waits for that here.
  await dynamodb.client.send(
    new PutItemCommand({
      TableName: `${prefix}MiyabiAgentState`,
      Item: {
        pk: { S: `$mb#agentId_${agentId}` },
        sk: { S: '$agentAhead_1' },
        __edb_e__: { S: 'agentAhead' },
        __edb_v__: { S: '1' },
        agentId: { S: agentId },
        aheadMs: { N: '1' },
        note: { S: m },
      },
    }),
  )
}
