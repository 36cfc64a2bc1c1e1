import { withDeadline } from '@miyabi/core'
import type { PostgresHealth } from '@miyabi/postgres'
import { openings } from './allowed.js'
import type { Audience, EffectDefinitions } from './effects.js'

/** Roles of users, as the database names them. */
const NAMES: Readonly<Record<Audience, string>> = { user: 'user', webUser: 'web_user' }

/** The longest response time for a query that health can do without. In milliseconds. */
const LIMIT_MS = 500
/** How long a result counts as current. In milliseconds. */
const RECENT_MS = 60_000

/**
 * Which topics of the outbox effects open to which roles, as the database names them: what `miyabi outbox topics apply`
 * writes.
 */
export const openTopics = (definitions: EffectDefinitions): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    [...openings(definitions)].map(([topic, audiences]) => [topic, audiences.map((audience) => NAMES[audience])]),
  )

type Ask = (
  text: string,
) => Promise<{ readonly rows: readonly { readonly topic: string; readonly openedTo: string[] }[] }>

/**
 * Checks whether the database opens to users what the application does. If it opens more, nothing is refused, and this
 * is normal while a release is rolled out: `miyabi outbox topics plan` shows it.
 */
export class TopicsCheck {
  readonly #wanted: Readonly<Record<string, readonly string[]>>
  readonly #isNeeded: boolean
  readonly #ask: Ask
  #foundAt = Number.NEGATIVE_INFINITY

  /** @param ask queries as any user. */
  constructor(definitions: EffectDefinitions, ask: Ask) {
    this.#wanted = openTopics(definitions)
    this.#isNeeded = Object.values(definitions).some(({ from }) => from !== undefined)
    this.#ask = ask
  }

  /** Adds the topics that are not open to the health of a database that is up. Sends nothing if no topic is opened. */
  async addTo(health: PostgresHealth, signal: AbortSignal): Promise<PostgresHealth> {
    if (!this.#isNeeded || !health.ready || performance.now() - this.#foundAt < RECENT_MS) return health
    const closed = await this.#closed(signal)
    if (closed.length === 0) return health
    return {
      ...health,
      status: 'degraded',
      ready: false,
      reason: `the database does not open these topics to users: ${closed.join(', ')}`,
      remedy: 'run `miyabi outbox topics apply` as the owner of the tables',
    }
  }

  async #closed(signal: AbortSignal): Promise<string[]> {
    try {
      const onTimeout = (): Error => new Error('no response')
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
      return [] // health itself reports what prevents a response
    }
  }
}
