import { randomUUID } from 'node:crypto'
import { ttl } from './model.js'

/** What is known of every agent here. */
export const agent = {
  status: 'running',
  progress: 40,
  currentTask: 'reviewing',
  stateData: { step: 4, files: ['src/index.ts', 'README.md'], note: 'the tests are under way' },
} as const

/** The state of an agent that had none before, as every peer stores it. */
export function newState(agentId: string) {
  const updatedAt = Date.now()
  return { agentId, ...agent, updatedAt, version: updatedAt, saveId: randomUUID(), schemaVersion: 2 }
}

export type BenchState = ReturnType<typeof newState>

/** When a version of a state leaves the history. */
export const historyTtl = ttl

/**
 * The two puts of a transaction that saves a state: the current item, unless one is there that has not expired, and a
 * version of it.
 */
export function toStatePuts(table: string, state: BenchState) {
  const pk = `$mb#agentId_${state.agentId}`
  const current = { pk, sk: '$agent_1', ...state, __edb_e__: 'agent', __edb_v__: '1' }
  const sk = `$agentVersion_1#version_${String(state.version).padStart(16, '0')}`
  const version = { pk, sk, ...state, ttl: historyTtl, __edb_e__: 'agentVersion', __edb_v__: '1' }
  return {
    current: {
      TableName: table,
      Item: current,
      ConditionExpression: 'attribute_not_exists(#agent) OR #ttl <= :now',
      ExpressionAttributeNames: { '#agent': 'agentId', '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':now': Math.floor(state.updatedAt / 1000) },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
    version: { TableName: table, Item: version },
  } as const
}
