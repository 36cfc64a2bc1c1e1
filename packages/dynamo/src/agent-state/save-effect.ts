import { fullJitter, sleep } from '@miyabi/core'
import type { CallRecord } from '../errors/call-record.js'
import { type AgentStateEffectResult, type checkEffect, supersedes } from './effect.js'
import { IllegalTransitionError } from './errors.js'
import { readReceipt, remember } from './receipt.js'
import { canBegin, predecessorsOf } from './state.js'
import { type AgentStateModel, readCurrent, type Saving, type Stored, type Written } from './storage.js'
import { archive } from './write-in-steps.js'

/** Writes an effect over the stored item, on the condition that the item is unchanged. */
export type WriteEffect = (
  saving: Pick<Saving, 'isRepeated'> & { readonly stored: Stored['stored'] },
) => Promise<{ readonly written: Written; readonly version: number }>

const BACKOFF = { initialMs: 5, maxMs: 200 }

/**
 * Saves a state as an effect: decides from the stored item, and writes on the condition that it is unchanged; decides
 * again if it changed.
 *
 * @throws {IllegalTransitionError}
 */
export async function saveEffect(
  model: AgentStateModel,
  effect: ReturnType<typeof checkEffect>,
  { signal, record }: { readonly signal: AbortSignal; readonly record: CallRecord },
  write: WriteEffect,
): Promise<AgentStateEffectResult> {
  const { agentId, id } = effect
  for (let attempt = 0; ; attempt++) {
    const { stored, live } = await readCurrent(model, agentId, signal)
    // A writer that was interrupted after it had saved.
    if (stored?.id === id) {
      if (!model.store.settings.transactions) await archive(model, stored, signal)
      return { outcome: 'applied', version: stored.version }
    }
    if (stored && supersedes(stored, effect)) {
      const { outcome, version } = await remember(
        model,
        { agentId, id, outcome: 'superseded', version: stored.version },
        signal,
      )
      return { outcome, version }
    }
    if (live ? !predecessorsOf(effect.status).includes(live.status) : !canBegin(effect.status)) {
      const known = await readReceipt(model, effect, signal)
      if (known) return { outcome: known.outcome, version: known.version }
      throw new IllegalTransitionError(agentId, live?.status, effect.status, false)
    }
    const { written, version } = await write({ stored, isRepeated: record.possibleWrites > 0 })
    if (written.outcome === 'saved') return { outcome: 'applied', version }
    if (written.outcome === 'known') {
      return { outcome: written.receipt.outcome, version: written.receipt.version }
    }
    await sleep(fullJitter(attempt, BACKOFF), signal)
  }
}
