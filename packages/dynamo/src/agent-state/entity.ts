import { Entity, type EntityItem } from 'electrodb'
import { itemShapes } from '../items/schema-version.js'
import { agentStatuses } from './statuses.js'

const attributes = {
  agentId: { type: 'string', required: true },
  status: { type: agentStatuses, required: true },
  currentTask: { type: 'string' },
  progress: { type: 'number', required: true },
  stateData: { type: 'any' },
  /** When it was saved, in milliseconds since 1970. */
  updatedAt: { type: 'number', required: true },
  version: { type: 'number', required: true, padding: { length: 16, char: '0' } },
  /** When it was written, in milliseconds since 1970, by the writer's clock. */
  writtenAt: { type: 'number', required: true },
  /** A random id of one save: lets a writer whose response was lost recognize the stored state as its own. */
  saveId: { type: 'string', required: true },
  /** The caller's id of one save. */
  id: { type: 'string' },
  /** For a state saved as an effect: its place in their order, a whole number in digits; and the time of its order. */
  position: { type: 'string' },
  at: { type: 'number' },
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

/** The record of a save under a caller's id. Keys: `pk` as above, `sk` `$agentSave_1#id_<id>`. */
export function agentReceiptEntity(table: string) {
  return new Entity(
    {
      model: { service: 'mb', entity: 'agentSave', version: '1' },
      attributes: {
        agentId: { type: 'string', required: true },
        id: { type: 'string', required: true },
        outcome: { type: ['applied', 'superseded'] as const, required: true },
        /** The version of the state it became, or of the one that superseded it. */
        version: { type: 'number', required: true },
        /** The time of the state it became, in milliseconds since 1970. */
        updatedAt: { type: 'number' },
        writtenAt: { type: 'number', required: true },
        schemaVersion: { type: 'number', required: true },
        /** Seconds since 1970. */
        ttl: { type: 'number', required: true },
      },
      indexes: {
        receipt: {
          pk: { field: 'pk', composite: ['agentId'], casing: 'none' },
          sk: { field: 'sk', composite: ['id'], casing: 'none' },
        },
      },
    } as const,
    { table },
  )
}

/**
 * The furthest the versions of an agent were ever ahead of their times, if a clock was ahead. Keys: `pk` as above, `sk`
 * `$agentAhead_1`.
 */
export function agentAheadEntity(table: string) {
  return new Entity(
    {
      model: { service: 'mb', entity: 'agentAhead', version: '1' },
      attributes: {
        agentId: { type: 'string', required: true },
        aheadMs: { type: 'number', required: true },
        writtenAt: { type: 'number', required: true },
        schemaVersion: { type: 'number', required: true },
        /** Seconds since 1970; not before that of any version it applies to. */
        ttl: { type: 'number', required: true },
      },
      indexes: {
        ahead: {
          pk: { field: 'pk', composite: ['agentId'], casing: 'none' },
          sk: { field: 'sk', composite: [], casing: 'none' },
        },
      },
    } as const,
    { table },
  )
}

export type CurrentAgentStateEntity = ReturnType<typeof currentAgentStateEntity>

export type AgentVersionEntity = ReturnType<typeof agentVersionEntity>

export type AgentReceiptEntity = ReturnType<typeof agentReceiptEntity>

export type AgentAheadEntity = ReturnType<typeof agentAheadEntity>

/** A current state, or a version of it, as ElectroDB reads it. */
export type AgentItem = EntityItem<CurrentAgentStateEntity>

/** Shape 1 had no `saveId`, shape 2 no `writtenAt`. */
export const agentShapes = itemShapes<AgentItem>('state of an agent', [
  (item) => ({ ...item, saveId: '' }),
  (item) => ({ ...item, writtenAt: item.updatedAt }),
])

/** A receipt, as ElectroDB reads it. */
export type AgentReceipt = EntityItem<AgentReceiptEntity>

export const receiptShapes = itemShapes<AgentReceipt>('receipt of an agent state')

export const aheadShapes = itemShapes<EntityItem<AgentAheadEntity>>('version mark of an agent')
