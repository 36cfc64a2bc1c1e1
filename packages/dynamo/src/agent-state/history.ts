import { type Found, type Page, PageBudget } from '../items/page.js'
import { assertLimit, asThrown } from '../items/store.js'
import { readAhead } from './ahead.js'
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
  const { from, to } = options
  const isEmpty = from !== undefined && to !== undefined && from >= to
  const aheadMs = to === undefined || isEmpty ? 0 : await readAhead(model, agentId, abortSignal)
  const range = toVersionRange(agentId, options, aheadMs)
  if (isEmpty || range.low > range.high) return { items: [] }
  using budget = new PageBudget(model.store.settings.timeoutMs)
  // Reading one item more than requested shows whether there is a next page.
  const wanted = { count: limit + 1, budget }
  const { items, isWhole } = model.store.settings.transactions
    ? await readVersions(model, agentId, range, wanted, abortSignal)
    : await readWithCurrent(model, agentId, range, wanted, abortSignal)
  const page = items.slice(0, limit).map(toAgentState)
  const last = page.at(-1)
  const hasMore = items.length > limit || !isWhole
  return hasMore && last ? { items: page, cursor: versionCursor(range, last.version) } : { items: page }
}

/**
 * Without transactions the latest version may be in the current item only. The current item is read first: every
 * version before it is archived by then, so the versions read after it have no gap.
 */
async function readWithCurrent(
  model: AgentStateModel,
  agentId: string,
  range: VersionRange,
  wanted: Wanted,
  abortSignal: AbortSignal,
): Promise<Found<AgentItem>> {
  const { live } = await readCurrent(model, agentId, abortSignal)
  const found = await readVersions(model, agentId, range, wanted, abortSignal)
  const isWanted = live && live.version >= range.low && live.version <= range.high && range.isSavedIn(live.updatedAt)
  if (!isWanted || !isLive(model, { ttl: historyTtl(model, live) })) return found
  if (found.items.some(({ version }) => version === live.version)) return found
  // The latest version comes after all others: a page that is not read to its end does not reach it.
  if (!found.isWhole && range.order === 'asc') return found
  const sign = range.order === 'asc' ? 1 : -1
  return { ...found, items: [...found.items, live].sort((a, b) => sign * (a.version - b.version)) }
}

/** The most items a page may have. */
interface Wanted {
  readonly count: number
  readonly budget: PageBudget
}

async function readVersions(
  model: AgentStateModel,
  agentId: string,
  range: VersionRange,
  { count, budget }: Wanted,
  abortSignal: AbortSignal,
): Promise<Found<AgentItem>> {
  const consistent = !model.store.settings.transactions
  const items: AgentItem[] = []
  let cursor: string | null = null
  do {
    if (items.length > 0 && budget.isSpent) return { items, isWhole: false }
    const limit = count - items.length
    const reading: Promise<{ data: AgentItem[]; cursor: string | null }> = model.versions.query
      .history({ agentId })
      .between({ version: range.low }, { version: range.high })
      .go({ ...asThrown, order: range.order, limit, cursor, consistent, abortSignal })
    const answer = items.length > 0 ? await budget.unlessLate(reading) : await reading
    if (!answer) return { items, isWhole: false }
    budget.count({ isCut: answer.cursor !== null && answer.data.length < limit })
    const wantedItems = answer.data.filter((item) => isLive(model, item) && range.isSavedIn(item.updatedAt))
    items.push(...wantedItems.map(agentShapes.upcast))
    cursor = answer.cursor
  } while (cursor !== null && items.length < count)
  return { items, isWhole: true }
}
