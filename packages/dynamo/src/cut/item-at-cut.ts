import type { AttributeItem } from '../items/attribute-values.js'
import { idTime } from '../items/ids.js'

/** How an item found later relates to a cut, a moment before. */
export interface ItemAtCut {
  /** Whether it belongs to the state at the cut. */
  readonly isKept: boolean
  /** Whether it has an older shape without a time of writing, and was classified by another of its times. */
  readonly isLifted: boolean
  /** The partition of an agent that was saved after the cut: its state at the cut must be derived. */
  readonly changedAgent?: string
}

/**
 * Returns whether an item existed at a cut, by its time of writing. Items that are written once and never overwritten
 * either existed or did not: events, versions of an agent's state, messages, receipts. An agent's current state is
 * overwritten repeatedly: {@link deriveAgent} derives what it was.
 *
 * Kept whatever their time: the numbering of a queue, since numbers must not be reused, and how far an agent's versions
 * ran ahead of its times, which only widens a search.
 *
 * @param cutMs milliseconds since 1970.
 */
export function itemAtCut(item: AttributeItem, cutMs: number): ItemAtCut {
  const entity = entityOf(item)
  const writtenAt = writtenAtOf(item, entity)
  if (writtenAt === undefined) return { isKept: true, isLifted: false }
  const isKept = writtenAt.ms <= cutMs
  const isLifted = !writtenAt.isOwn && entity !== 'agentSave' // a superseded effect has no state
  if (isKept || (entity !== 'agent' && entity !== 'agentVersion')) return { isKept, isLifted }
  return { isKept, isLifted, changedAgent: item['pk']?.S ?? '' }
}

/** When an item counts as written; undefined for one that is kept whatever its time. */
function writtenAtOf(
  item: AttributeItem,
  entity: string,
): { readonly ms: number; readonly isOwn: boolean } | undefined {
  const names = TIMES[entity]
  if (names === undefined) return undefined
  const own = numberOf(item, names.own)
  if (own !== undefined) return { ms: own, isOwn: true }
  const ms = entity === 'ev' ? idTime(item['i']?.S ?? '') : numberOf(item, names.other)
  return ms === undefined ? undefined : { ms, isOwn: false }
}

/** The attribute with the time of writing, and the one that replaces it in the first shapes. */
const TIMES: Readonly<Record<string, { readonly own: string; readonly other: string }>> = {
  ev: { own: 'w', other: 'i' },
  agent: { own: 'writtenAt', other: 'updatedAt' },
  agentVersion: { own: 'writtenAt', other: 'updatedAt' },
  // The receipt of a state is kept with it, although it is written a moment later.
  agentSave: { own: 'updatedAt', other: 'writtenAt' },
  msg: { own: 'writtenAt', other: 'enqueuedAt' },
  enq: { own: 'writtenAt', other: 'writtenAt' },
}

function numberOf(item: AttributeItem, name: string): number | undefined {
  const text = item[name]?.N
  return text === undefined ? undefined : Number(text)
}

/** The attributes that ElectroDB adds to each item. */
export const entityOf = (item: AttributeItem): string => item['__edb_e__']?.S ?? ''
