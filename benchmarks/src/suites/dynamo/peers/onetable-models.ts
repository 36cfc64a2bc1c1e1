// biome-ignore-all lint/suspicious/noTemplateCurlyInString: OneTable reads templates of its own in plain strings.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { Table } from 'dynamodb-onetable'
import type { TableNames } from '../model.js'

const primary = { hash: 'pk', sort: 'sk' } as const

/** The name of a model goes where ElectroDB puts that of an entity, and its version beside it. */
const params = { typeField: '__edb_e__', timestamps: false } as const

const modelVersion = { type: String, default: '1', map: '__edb_v__' } as const
const text = { type: String, required: true } as const
const number = { type: Number, required: true } as const

/** The event log as OneTable declares it. */
export function eventTable(client: DynamoDBClient, { events: name }: TableNames) {
  const schema = {
    version: '0.0.1',
    indexes: {
      primary,
      byUser: { hash: 'up', sort: 'i', project: 'all' },
      byRepository: { hash: 'rp', sort: 'i', project: 'all' },
    },
    models: {
      ev: {
        pk: { type: String, value: '$mb#t_${eventType}#d_${day}#s_${shard:4:0}' },
        sk: { type: String, value: '$ev_1#id_${id}' },
        id: { ...text, map: 'i' },
        eventType: { ...text, map: 't' },
        day: { ...text, map: 'y' },
        shard: { ...number, map: 's' },
        userId: { ...text, map: 'u' },
        userShard: { ...text, map: 'up' },
        repositoryId: { type: String, map: 'r' },
        repositoryShard: { type: String, map: 'rp' },
        data: { type: Object, map: 'd' },
        schemaVersion: { ...number, map: 'v' },
        ttl: number,
        modelVersion,
      },
    },
    params,
  } as const
  return new Table({ client, name, schema, partial: false })
}

/** Messages, and what they are numbered in. */
export function messageTable(client: DynamoDBClient, { messages: name }: TableNames) {
  const pk = { type: String, value: '$mb#recipient_${recipient}' } as const
  const schema = {
    version: '0.0.1',
    indexes: { primary },
    models: {
      msg: {
        pk,
        sk: { type: String, value: '$msg_1#sequence_${sequence:16:0}' },
        recipient: text,
        sequence: number,
        messageType: text,
        payload: { type: Object },
        enqueuedAt: number,
        expiresAt: number,
        schemaVersion: number,
        ttl: number,
        modelVersion,
      },
      queue: {
        pk,
        sk: { type: String, value: '$queue_1' },
        recipient: text,
        sequence: { type: Number },
        highest: { type: Number },
        schemaVersion: number,
        ttl: number,
        modelVersion,
      },
    },
    params,
  } as const
  return new Table({ client, name, schema, partial: false })
}

const stateFields = {
  pk: { type: String, value: '$mb#agentId_${agentId}' },
  agentId: text,
  status: text,
  currentTask: text,
  progress: number,
  stateData: { type: Object },
  updatedAt: number,
  version: number,
  saveId: text,
  schemaVersion: number,
  ttl: { type: Number },
  modelVersion,
} as const

/** The state an agent is in, and those it was in. */
export function stateTable(client: DynamoDBClient, { agentState: name }: TableNames) {
  const schema = {
    version: '0.0.1',
    indexes: { primary },
    models: {
      agent: { ...stateFields, sk: { type: String, value: '$agent_1' } },
      agentVersion: { ...stateFields, sk: { type: String, value: '$agentVersion_1#version_${version:16:0}' } },
    },
    params,
  } as const
  return new Table({ client, name, schema, partial: false })
}
