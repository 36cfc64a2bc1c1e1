import { DynamoInputError } from '../errors/errors.js'
import { timeOf } from '../items/ids.js'
import { assertKeyPart } from '../items/storable.js'
import type { AgentItem } from './entity.js'
import { checkContent, type NewAgentState } from './state.js'

/**
 * A state that results from something with its own order, such as a transaction whose place in an outbox is its
 * position. It names no version: its place in the order decides.
 */
export interface AgentStateEffect extends Omit<NewAgentState, 'expectedVersion' | 'id'> {
  /**
   * The id of this effect: a second arrival of the same effect changes nothing and returns the same outcome. Up to 512
   * bytes.
   */
  readonly id: string
  /** Its place among all effects on this agent: the higher one wins. From 0 to 2^63 - 1. */
  readonly position: bigint
  /** When it was ordered: the effect does not replace a state that was saved directly after this time. */
  readonly at: Date
}

/** The outcome of an effect. */
export interface AgentStateEffectResult {
  /** `superseded`: a state that is newer by the rules is stored, and this one is not. */
  readonly outcome: 'applied' | 'superseded'
  /** The version of the state that it became, or of the one that superseded it. */
  readonly version: number
}

const MAX_POSITION = 2n ** 63n - 1n

/** @throws {DynamoInputError}, {DynamoValueError} or {PayloadTooLargeError} naming the member that cannot be saved. */
export function checkEffect(effect: AgentStateEffect): AgentStateEffect & { readonly atMs: number } {
  assertSaveId(effect.id)
  const { position } = effect
  if (typeof position !== 'bigint' || position < 0n || position > MAX_POSITION) {
    throw new DynamoInputError('position', 'is not a bigint from 0 to 2^63 - 1')
  }
  return { ...effect, ...checkContent(effect), atMs: timeOf(effect.at, 'at') }
}

/** Checks a caller's id for a save: it shares the key with the agent's id, so its length is limited. */
export const assertSaveId = (id: string): void => assertKeyPart(id, 'id', 512)

/**
 * Whether a stored state supersedes an effect: it came from an effect of the same or a higher position, or was saved
 * directly after the effect was ordered.
 */
export function supersedes(
  stored: Pick<AgentItem, 'position' | 'updatedAt'>,
  effect: { readonly position: bigint; readonly atMs: number },
): boolean {
  return stored.position === undefined ? stored.updatedAt > effect.atMs : BigInt(stored.position) >= effect.position
}
