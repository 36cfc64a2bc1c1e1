import type { Page } from '../items/page.js'
import { assertLimit, asThrown } from '../items/store.js'
import { type AgentItem, agentShapes } from './entity.js'
import { type HistoryRange, toVersionRange, type VersionRange, versionCursor } from './history-range.js'
import { type AgentState, toAgentState } from './state.js'
import { type AgentStateModel, historyTtl, isLive, readCurrent } from './storage.js'

/** A page of the states that an agent was in. */
export async function readHistory(
  model: AgentStateModel,
  agentId: string,
  options: HistoryRange,
  abortSignal: AbortSignal,
): Promise<Page<AgentState>> {
  const limit = assertLimit(options.limit ?? 50)
  const range = toVersionRange(agentId, options)
  if (range.low > range.high) return { items: [] }
  // One more than asked tells whether there is a next page.
  const items = model.store.settings.transactions
    ? await readVersions(model, agentId, range, limit + 1, abortSignal)
    : await readWithCurrent(model, agentId, range, limit + 1, abortSignal)
  const page = items.slice(0, limit).map(toAgentState)
  const last = page.at(-1)
  return items.length > limit && last ? { items: page, cursor: versionCursor(range, last.version) } : { items: page }
}

/**
 * Without transactions the latest version may be in the current item only. That is read first: every version before it is archived by
 * then, so the versions read after it have no gap.
 */
async function readWithCurrent(
  model: AgentStateModel,
  agentId: string,
  range: VersionRange,
  wanted: number,
  abortSignal: AbortSignal,
): Promise<AgentItem[]> {
  const { live } = await readCurrent(model, agentId, abortSignal)
  const items = await readVersions(model, agentId, range, wanted, abortSignal)
  const isWanted = live && live.version >= range.low && live.version <= range.high
  if (!isWanted || !isLive(model, { ttl: historyTtl(model, live.updatedAt) })) return items
  if (items.some(({ version }) => version === live.version)) return items
  const sign = range.order === 'asc' ? 1 : -1
  return [...items, live].sort((a, b) => sign * (a.version - b.version))
}

async function readVersions(
  model: AgentStateModel,
  agentId: string,
  range: VersionRange,
  wanted: number,
  abortSignal: AbortSignal,
): Promise<AgentItem[]> {
  const consistent = !model.store.settings.transactions
  const items: AgentItem[] = []
  let cursor: string | null = null
  do {
    const answer: { data: AgentItem[]; cursor: string | null } = await model.versions.query
      .history({ agentId })
      .between({ version: range.low }, { version: range.high })
      .go({ ...asThrown, order: range.order, limit: wanted - items.length, cursor, consistent, abortSignal })
    items.push(...answer.data.filter((item) => isLive(model, item)).map(agentShapes.upcast))
    cursor = answer.cursor
  } while (cursor !== null && items.length < wanted)
  return items
}
