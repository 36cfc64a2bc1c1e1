import { Entity, type EntityItem } from 'electrodb'
import { itemShapes } from '../items/schema-version.js'

export const agentStatuses = ['pending', 'running', 'completed', 'failed'] as const

/** pending, then running, then completed or failed. */
export type AgentStatus = (typeof agentStatuses)[number]

const attributes = {
  agentId: { type: 'string', required: true },
  status: { type: agentStatuses, required: true },
  currentTask: { type: 'string' },
  progress: { type: 'number', required: true },
  stateData: { type: 'any' },
  /** When it was saved, in milliseconds since 1970. */
  updatedAt: { type: 'number', required: true },
  version: { type: 'number', required: true, padding: { length: 16, char: '0' } },
  /** Random, of one save: tells a writer whose answer was lost that the stored state is its own. */
  saveId: { type: 'string', required: true },
  schemaVersion: { type: 'number', required: true },
  /** Seconds since 1970. */
  ttl: { type: 'number' },
} as const

/** The state an agent is in. Keys: `pk` `$mb#agentId_<agent>`, `sk` `$agent_1`. */
export function currentAgentStateEntity(table: string) {
  return new Entity(
    {
      model: { service: 'mb', entity: 'agent', version: '1' },
      attributes,
      indexes: {
        current: {
          pk: { field: 'pk', composite: ['agentId'], casing: 'none' },
          sk: { field: 'sk', composite: [], casing: 'none' },
        },
      },
    } as const,
    { table },
  )
}

/** A state an agent was in. Keys: `pk` as above, `sk` `$agentVersion_1#version_<version, 16 digits>`. */
export function agentVersionEntity(table: string) {
  return new Entity(
    {
      model: { service: 'mb', entity: 'agentVersion', version: '1' },
      attributes,
      indexes: {
        history: {
          pk: { field: 'pk', composite: ['agentId'], casing: 'none' },
          sk: { field: 'sk', composite: ['version'], casing: 'none' },
        },
      },
    } as const,
    { table },
  )
}

export type CurrentAgentStateEntity = ReturnType<typeof currentAgentStateEntity>

export type AgentVersionEntity = ReturnType<typeof agentVersionEntity>

/** A current state, or a version of it, as ElectroDB reads it. */
export type AgentItem = EntityItem<CurrentAgentStateEntity>

/** Shape 1 had no `saveId`. */
export const agentShapes = itemShapes<AgentItem>("agent's state", [(item) => ({ ...item, saveId: '' })])
