import type { TableDefinition } from './definition.js'

const common = {
  partitionKey: 'pk',
  sortKey: 'sk',
  ttlAttribute: 'ttl',
  pointInTimeRecovery: true,
  deletionProtection: true,
  encryption: 'KMS',
  tags: { application: 'miyabi' },
} as const

/** The event log. Read by type and UTC day, by user, by repository; each in time order. */
export const eventsTable: TableDefinition = {
  ...common,
  name: 'MiyabiEvents',
  // up, rp: a user or a repository with its shard; i: the id, which is in time order.
  keyAttributes: { pk: 'S', sk: 'S', up: 'S', rp: 'S', i: 'S' },
  indexes: [
    { name: 'byUser', partitionKey: 'up', sortKey: 'i' },
    { name: 'byRepository', partitionKey: 'rp', sortKey: 'i' },
  ],
  billing: { mode: 'PAY_PER_REQUEST' },
  stream: 'NEW_AND_OLD_IMAGES',
}

/** The state of running agents: one current item for each, and its versions. */
export const agentStateTable: TableDefinition = {
  ...common,
  name: 'MiyabiAgentState',
  keyAttributes: { pk: 'S', sk: 'S' },
  indexes: [],
  billing: {
    mode: 'PROVISIONED',
    write: { min: 5, max: 100 },
    read: { min: 10, max: 200 },
    targetUtilization: 70,
  },
  stream: 'NEW_AND_OLD_IMAGES',
}

/** Messages to recipients: a partition for each, which holds only what is undelivered. */
export const messagesTable: TableDefinition = {
  ...common,
  name: 'MiyabiWebSocketMessages',
  keyAttributes: { pk: 'S', sk: 'S' },
  indexes: [],
  billing: { mode: 'PAY_PER_REQUEST' },
}

/** Every table. */
export const tableDefinitions: readonly TableDefinition[] = [eventsTable, agentStateTable, messagesTable]
