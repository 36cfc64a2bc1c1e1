import { Entity, Service } from 'electrodb'

/** The event log as ElectroDB declares it, with the keys that `@miyabi/dynamo` gives it. */
export function eventEntity(table: string) {
  return new Entity(
    {
      model: { service: 'mb', entity: 'ev', version: '1' },
      attributes: {
        id: { type: 'string', required: true, field: 'i' },
        eventType: { type: 'string', required: true, field: 't', label: 't' },
        day: { type: 'string', required: true, field: 'y', label: 'd' },
        shard: { type: 'number', required: true, field: 's', label: 's', padding: { length: 4, char: '0' } },
        userId: { type: 'string', required: true, field: 'u' },
        userShard: { type: 'string', required: true, field: 'up' },
        repositoryId: { type: 'string', field: 'r' },
        repositoryShard: { type: 'string', field: 'rp' },
        data: { type: 'any', field: 'd' },
        schemaVersion: { type: 'number', required: true, field: 'v' },
        ttl: { type: 'number', required: true, field: 'ttl' },
      },
      indexes: {
        byType: {
          pk: { field: 'pk', composite: ['eventType', 'day', 'shard'], casing: 'none' },
          sk: { field: 'sk', composite: ['id'], casing: 'none' },
        },
        byUser: { index: 'byUser', type: 'composite', pk: { composite: ['userShard'] }, sk: { composite: ['id'] } },
        byRepository: {
          index: 'byRepository',
          type: 'composite',
          pk: { composite: ['repositoryShard'] },
          sk: { composite: ['id'] },
        },
      },
    } as const,
    { table },
  )
}

/** Messages, each under a number of its recipient's queue. */
export function messageEntity(table: string) {
  return new Entity(
    {
      model: { service: 'mb', entity: 'msg', version: '1' },
      attributes: {
        recipient: { type: 'string', required: true },
        sequence: { type: 'number', required: true, padding: { length: 16, char: '0' } },
        messageType: { type: 'string', required: true },
        payload: { type: 'any' },
        enqueuedAt: { type: 'number', required: true },
        expiresAt: { type: 'number', required: true },
        schemaVersion: { type: 'number', required: true },
        ttl: { type: 'number', required: true },
      },
      indexes: {
        undelivered: {
          pk: { field: 'pk', composite: ['recipient'], casing: 'none' },
          sk: { field: 'sk', composite: ['sequence'], casing: 'none' },
        },
      },
    } as const,
    { table },
  )
}

/** What a recipient's messages are numbered in. */
export function queueEntity(table: string) {
  return new Entity(
    {
      model: { service: 'mb', entity: 'queue', version: '1' },
      attributes: {
        recipient: { type: 'string', required: true },
        sequence: { type: 'number' },
        highest: { type: 'number' },
        schemaVersion: { type: 'number', required: true },
        ttl: { type: 'number', required: true },
      },
      indexes: {
        queue: {
          pk: { field: 'pk', composite: ['recipient'], casing: 'none' },
          sk: { field: 'sk', composite: [], casing: 'none' },
        },
      },
    } as const,
    { table },
  )
}

const stateAttributes = {
  agentId: { type: 'string', required: true },
  status: { type: 'string', required: true },
  currentTask: { type: 'string' },
  progress: { type: 'number', required: true },
  stateData: { type: 'any' },
  updatedAt: { type: 'number', required: true },
  version: { type: 'number', required: true, padding: { length: 16, char: '0' } },
  saveId: { type: 'string', required: true },
  schemaVersion: { type: 'number', required: true },
  ttl: { type: 'number' },
} as const

/** The state an agent is in, and those it was in. */
export function stateService(table: string) {
  const current = new Entity(
    {
      model: { service: 'mb', entity: 'agent', version: '1' },
      attributes: stateAttributes,
      indexes: {
        current: {
          pk: { field: 'pk', composite: ['agentId'], casing: 'none' },
          sk: { field: 'sk', composite: [], casing: 'none' },
        },
      },
    } as const,
    { table },
  )
  const versions = new Entity(
    {
      model: { service: 'mb', entity: 'agentVersion', version: '1' },
      attributes: stateAttributes,
      indexes: {
        history: {
          pk: { field: 'pk', composite: ['agentId'], casing: 'none' },
          sk: { field: 'sk', composite: ['version'], casing: 'none' },
        },
      },
    } as const,
    { table },
  )
  return new Service({ current, versions })
}
