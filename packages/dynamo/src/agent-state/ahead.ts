import { asThrown, toSeconds } from '../items/store.js'
import { type AgentItem, aheadShapes } from './entity.js'
import type { AgentStateModel } from './storage.js'

/** Saves in quick succession run ahead of the clock by at most this much without indicating a fault. */
const USUAL_AHEAD_MS = 1000

/** Several processes may record the mark at the same time: one that finds it changed reads it again. */
const ATTEMPTS = 5

/**
 * Versions that continue from one made by a clock that was ahead lie after the times they were saved at, until time has
 * caught up. Before such a version is saved, how far it is ahead is recorded: a search for what was saved before a
 * moment must extend that much further.
 */
export async function noteAhead(
  model: AgentStateModel,
  { agentId, version, updatedAt }: Pick<AgentItem, 'agentId' | 'version' | 'updatedAt'>,
  abortSignal: AbortSignal,
): Promise<void> {
  const aheadMs = version - updatedAt
  if (aheadMs <= USUAL_AHEAD_MS) return
  const ttl = toSeconds(version + model.retention.historyMs)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { data: before } = await model.ahead.get({ agentId }).go({ ...asThrown, consistent: true, abortSignal })
    if (before && before.aheadMs >= aheadMs && before.ttl >= ttl) return
    const answer = await model.ahead
      .put({
        agentId,
        aheadMs: Math.max(aheadMs, before?.aheadMs ?? 0),
        writtenAt: updatedAt,
        schemaVersion: aheadShapes.current,
        ttl: Math.max(ttl, before?.ttl ?? 0),
      })
      .where((stored, { eq, notExists }) =>
        before ? `${eq(stored.aheadMs, before.aheadMs)} AND ${eq(stored.ttl, before.ttl)}` : notExists(stored.agentId),
      )
      .go({ ...asThrown, response: 'none', returnOnConditionCheckFailure: true, abortSignal })
    if (!answer.rejected) return
  }
}

/** The most that the versions of an agent lie after their times. */
export async function readAhead(model: AgentStateModel, agentId: string, abortSignal: AbortSignal): Promise<number> {
  const consistent = !model.store.settings.transactions
  const { data } = await model.ahead.get({ agentId }).go({ ...asThrown, consistent, abortSignal })
  return Math.max(USUAL_AHEAD_MS, data ? aheadShapes.upcast(data).aheadMs : 0)
}
