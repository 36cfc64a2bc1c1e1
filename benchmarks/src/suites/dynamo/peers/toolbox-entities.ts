import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { any, Entity, item, number, string, Table } from 'dynamodb-toolbox'
import type { TableNames } from '../model.js'

/** What every table here has in common; the name of an entity goes where ElectroDB puts it. */
const keys = {
  partitionKey: { name: 'pk', type: 'string' },
  sortKey: { name: 'sk', type: 'string' },
  entityAttributeSavedAs: '__edb_e__',
} as const

/** The attribute in which ElectroDB keeps a model's version. */
const modelVersion = string().default('1').savedAs('__edb_v__').hidden()

const padded = (value: number, digits: number): string => String(value).padStart(digits, '0')

/** The event log as DynamoDB Toolbox declares it. */
export function eventModel(documentClient: DynamoDBDocumentClient, { events: name }: TableNames) {
  const table = new Table({
    documentClient,
    name,
    ...keys,
    indexes: {
      byUser: {
        type: 'global',
        partitionKey: { name: 'up', type: 'string' },
        sortKey: { name: 'i', type: 'string' },
      },
      byRepository: {
        type: 'global',
        partitionKey: { name: 'rp', type: 'string' },
        sortKey: { name: 'i', type: 'string' },
      },
    },
  })
  const events = new Entity({
    name: 'ev',
    table,
    timestamps: false,
    schema: item({
      id: string().key().savedAs('i'),
      eventType: string().key().savedAs('t'),
      day: string().key().savedAs('y'),
      shard: number().key().savedAs('s'),
      userId: string().savedAs('u'),
      userShard: string().savedAs('up'),
      repositoryId: string().optional().savedAs('r'),
      repositoryShard: string().optional().savedAs('rp'),
      data: any().savedAs('d'),
      schemaVersion: number().savedAs('v'),
      ttl: number(),
      modelVersion,
    }),
    computeKey: ({ id, eventType, day, shard }) => ({
      pk: `$mb#t_${eventType}#d_${day}#s_${padded(shard, 4)}`,
      sk: `$ev_1#id_${id}`,
    }),
  })
  return { table, events }
}

/** Messages, and what they are numbered in. */
export function messageModel(documentClient: DynamoDBDocumentClient, { messages: name }: TableNames) {
  const table = new Table({ documentClient, name, ...keys })
  const messages = new Entity({
    name: 'msg',
    table,
    timestamps: false,
    schema: item({
      recipient: string().key(),
      sequence: number().key(),
      messageType: string(),
      payload: any(),
      enqueuedAt: number(),
      expiresAt: number(),
      schemaVersion: number(),
      ttl: number(),
      modelVersion,
    }),
    computeKey: ({ recipient, sequence }) => ({
      pk: `$mb#recipient_${recipient}`,
      sk: `$msg_1#sequence_${padded(sequence, 16)}`,
    }),
  })
  const queues = new Entity({
    name: 'queue',
    table,
    timestamps: false,
    schema: item({
      recipient: string().key(),
      sequence: number().optional(),
      highest: number().optional(),
      schemaVersion: number(),
      ttl: number(),
      modelVersion,
    }),
    computeKey: ({ recipient }) => ({ pk: `$mb#recipient_${recipient}`, sk: '$queue_1' }),
  })
  return { messages, queues }
}

/** The state an agent is in, and those it was in. */
export function stateModel(documentClient: DynamoDBDocumentClient, { agentState: name }: TableNames) {
  const table = new Table({ documentClient, name, ...keys })
  const attributes = {
    agentId: string().key(),
    status: string(),
    currentTask: string(),
    progress: number(),
    stateData: any(),
    updatedAt: number(),
    saveId: string(),
    schemaVersion: number(),
    modelVersion,
  }
  const current = new Entity({
    name: 'agent',
    table,
    timestamps: false,
    schema: item({ ...attributes, version: number(), ttl: number().optional() }),
    computeKey: ({ agentId }) => ({ pk: `$mb#agentId_${agentId}`, sk: '$agent_1' }),
  })
  const versions = new Entity({
    name: 'agentVersion',
    table,
    timestamps: false,
    schema: item({ ...attributes, version: number().key(), ttl: number() }),
    computeKey: ({ agentId, version }) => ({
      pk: `$mb#agentId_${agentId}`,
      sk: `$agentVersion_1#version_${padded(version, 16)}`,
    }),
  })
  return { current, versions }
}
