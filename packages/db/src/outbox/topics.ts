import { withDeadline } from '@miyabi/core'
import type { PostgresHealth } from '@miyabi/postgres'
import { openings } from './allowed.js'
import type { Audience, EffectDefinitions } from './effects.js'

/** Kinds of person, as the database calls them. */
const NAMES: Readonly<Record<Audience, string>> = { user: 'user', webUser: 'web_user' }

/** How long an answer may take that health can do without. In milliseconds. */
const LIMIT_MS = 500
/** How long what was open counts as open. In milliseconds. */
const RECENT_MS = 60_000

/**
 * Which topics of the outbox effects open to which kinds of person, as the database calls them: what
 * `miyabi outbox topics apply` writes.
 */
export const openTopics = (definitions: EffectDefinitions): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    [...openings(definitions)].map(([topic, audiences]) => [topic, audiences.map((audience) => NAMES[audience])]),
  )

type Ask = (
  text: string,
) => Promise<{ readonly rows: readonly { readonly topic: string; readonly openedTo: string[] }[] }>

/**
 * Whether the database opens to people what the application does. That it opens more refuses nobody anything, and is so
 * while a release is rolled out: `miyabi outbox topics plan` tells it.
 */
export class TopicsCheck {
  readonly #wanted: Readonly<Record<string, readonly string[]>>
  readonly #isNeeded: boolean
  readonly #ask: Ask
  #foundAt = Number.NEGATIVE_INFINITY

  /** @param ask asks as any person. */
  constructor(definitions: EffectDefinitions, ask: Ask) {
    this.#wanted = openTopics(definitions)
    this.#isNeeded = Object.values(definitions).some(({ from }) => from !== undefined)
    this.#ask = ask
  }

  /** Adds to the health of a database that answers what it does not open. Asks nobody where nothing is opened. */
  async addTo(health: PostgresHealth, signal: AbortSignal): Promise<PostgresHealth> {
    if (!this.#isNeeded || !health.ready || performance.now() - this.#foundAt < RECENT_MS) return health
    const closed = await this.#closed(signal)
    if (closed.length === 0) return health
    return {
      ...health,
      status: 'degraded',
      ready: false,
      reason: `the database does not open to people: ${closed.join(', ')}`,
      remedy: '`miyabi outbox topics apply`, as the owner of the tables',
    }
  }

  async #closed(signal: AbortSignal): Promise<string[]> {
    try {
      const onTimeout = (): Error => new Error('no answer')
      const { rows } = await withDeadline({ ms: LIMIT_MS, signal, onTimeout }, () =>
        this.#ask('SELECT topic, opened_to AS "openedTo" FROM outbox_topics'),
      )
      const found = new Map(rows.map(({ topic, openedTo }) => [topic, openedTo]))
      const closed = Object.entries(this.#wanted).flatMap(([topic, kinds]) =>
        kinds.filter((kind) => !found.get(topic)?.includes(kind)).map((kind) => `${topic} (${kind})`),
      )
      if (closed.length === 0) this.#foundAt = performance.now()
      return closed
    } catch {
      return [] // what keeps it from answering is what health looks for
    }
  }
}
