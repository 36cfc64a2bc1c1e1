import { setTimeout as sleep } from 'node:timers/promises'
import { createIdSource } from '@miyabi/dynamo'
import type { Ask } from '../../src/relay/leases.js'
import type { Target } from '../../src/relay/target.js'
import { INSERT, type NewRow, type OutboxWorld, parametersOf } from './world.js'

const ids = createIdSource()

/** What arrived at the receiver of an effect of the application. */
export class Receiver {
  /** How often each id came. */
  readonly arrivals = new Map<string, number>()
  /** First arrivals, by key. */
  readonly order = new Map<string, string[]>()

  hear(id: string, key: string): void {
    const count = (this.arrivals.get(id) ?? 0) + 1
    this.arrivals.set(id, count)
    if (count === 1) this.order.set(key, [...(this.order.get(key) ?? []), id])
  }
}

/** Makes the table in which the transactions themselves write down what they have written. */
export async function makeLedger(world: OutboxWorld): Promise<void> {
  await world.sql(
    'CREATE TABLE ledger (n bigserial PRIMARY KEY, id uuid NOT NULL, key text NOT NULL, topic text NOT NULL)',
  )
  await world.sql('GRANT INSERT, SELECT ON ledger TO miyabi_service')
  await world.sql('GRANT USAGE ON SEQUENCE ledger_n_seq TO miyabi_service')
}

const TOPICS = ['events.append', 'messages.enqueue', 'hook'] as const

/** What writers do until they are told to stop. */
export interface Writing {
  readonly rolledBack: Set<string>
  /** Rows committed so far. */
  committed: number
  stop(): Promise<void>
}

/**
 * Writers of which two share each key, which keep their transactions open for a while after their rows are written, and
 * of which every seventh is rolled back.
 */
export function write(
  world: OutboxWorld,
  options: {
    readonly writers: number
    readonly keys: number
    readonly random: () => number
    readonly backlog: () => Promise<number>
    /** Whether transactions may fail, as their server is killed: then the ledger alone tells which were committed. */
    readonly mayFail?: boolean
  },
): Writing {
  const { random } = options
  let isStopped = false
  const writing: Writing = {
    rolledBack: new Set(),
    committed: 0,
    async stop() {
      isStopped = true
      await Promise.all(writers)
    },
  }
  const refused = new Error('rolled back')
  const writer = async (own: number): Promise<void> => {
    for (let n = 0; !isStopped; n++) {
      if ((await options.backlog()) > 150) {
        await sleep(10)
        continue
      }
      const key = `k${n % options.keys}-${own % Math.ceil(options.writers / 2)}`
      const rows = Array.from({ length: 1 + (n % 3) }, (_, place): NewRow & { id: string } => {
        const id = ids.next()
        const topic = TOPICS[(n + place) % TOPICS.length] ?? 'hook'
        const isUnkeyed = topic === 'events.append' && place === 2
        return { id, topic, key: isUnkeyed ? undefined : key, payload: payloadOf(topic, id, key) }
      })
      const isRefused = n % 7 === 6
      try {
        await world.db.asService().transaction(async (_tx, { query }) => {
          await query(
            INSERT,
            parametersOf(
              rows,
              rows.map(({ id }) => id),
            ),
          )
          // After the rows, whose key is locked by now: so its order is that of the commits.
          await query('INSERT INTO ledger (id, key, topic) SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[])', [
            rows.map(({ id }) => id),
            rows.map(() => key),
            rows.map(({ topic }) => topic),
          ])
          if (random() < 0.5) await sleep(random() * 8)
          if (isRefused) throw refused
        })
        writing.committed += rows.length
      } catch (error) {
        if (error !== refused) {
          if (!options.mayFail) throw error
          await sleep(20)
          continue
        }
        for (const { id } of rows) writing.rolledBack.add(id)
      }
    }
  }
  const writers = Array.from({ length: options.writers }, (_, own) => writer(own))
  return writing
}

function payloadOf(topic: string, id: string, key: string): object {
  if (topic === 'events.append') return { eventType: 'ledger', userId: key, data: { id }, isOwn: /[0-7]$/.test(id) }
  if (topic === 'messages.enqueue') return { recipient: key, messageType: 'ping', payload: { id } }
  return { id }
}

/** What is wrong, by the ledger: all of it zero when everything is right. */
export interface Verdict {
  readonly lost: number
  readonly doubled: number
  /** Of transactions that were rolled back, or of none. */
  readonly ghosts: number
  readonly misordered: number
}

export const RIGHT: Verdict = { lost: 0, doubled: 0, ghosts: 0, misordered: 0 }

/** Compares what arrived with the ledger. */
export async function judge(world: OutboxWorld, receiver: Receiver): Promise<Verdict & { readonly rows: number }> {
  const ledger = await world.sql<{ id: string; key: string; topic: string }>(
    'SELECT id::text, key, topic FROM ledger ORDER BY n',
  )
  const known = new Set(ledger.map(({ id }) => id))
  const keys = [...new Set(ledger.map(({ key }) => key))]
  const events: string[] = []
  const messages: string[] = []
  let misordered = 0
  const { events: log, messages: queues } = world.db.dynamodb
  for (const key of keys) {
    for (let cursor: string | undefined; ; ) {
      const page = await log.byUser(key, { limit: 1000, ...(cursor === undefined ? {} : { cursor }) })
      events.push(...page.items.map(({ data }) => String(data['id'])))
      cursor = page.cursor
      if (cursor === undefined) break
    }
    const came: string[] = []
    for (let cursor: string | undefined; ; ) {
      const page = await queues.undelivered(key, { limit: 1000, cursor })
      came.push(...page.items.map(({ payload }) => String(payload['id'])))
      cursor = page.cursor
      if (cursor === undefined) break
    }
    messages.push(...came)
    const ofKey = ledger.filter((row) => row.key === key)
    misordered += inversions(
      came,
      ofKey.filter(({ topic }) => topic === 'messages.enqueue').map(({ id }) => id),
    )
    misordered += inversions(
      receiver.order.get(key) ?? [],
      ofKey.filter(({ topic }) => topic === 'hook').map(({ id }) => id),
    )
  }
  const arrived = new Set([...events, ...messages, ...receiver.arrivals.keys()])
  const kept = [...events, ...messages]
  return {
    rows: ledger.length,
    lost: ledger.filter(({ id }) => !arrived.has(id)).length,
    doubled: kept.length - new Set(kept).size,
    ghosts: [...arrived].filter((id) => !known.has(id)).length,
    misordered,
  }
}

/** Neighbors that came the other way round. */
function inversions(came: readonly string[], expected: readonly string[]): number {
  const place = new Map(expected.map((id, index) => [id, index]))
  const places = came.flatMap((id) => place.get(id) ?? [])
  return places.filter((at, index) => index > 0 && at < (places[index - 1] ?? 0)).length
}

/** Where a relay dies. */
export const PLACES = [
  'lease',
  'leasing',
  'leased',
  'fetch',
  'fetching',
  'fetched',
  'send',
  'sending',
  'sent',
  'record',
  'recording',
  'recorded',
] as const
export type Place = (typeof PLACES)[number]

/** Ends a relay at one place as a crash would: nothing of it goes on, and what was sent stays on its way. */
export class Crash {
  readonly #place: Place
  #left: number
  readonly died: Promise<void>
  #die: () => void = () => {}
  #isDead = false

  constructor(place: Place, left: number) {
    this.#place = place
    this.#left = left
    this.died = new Promise((resolve) => {
      this.#die = resolve
    })
  }

  get isDead(): boolean {
    return this.#isDead
  }

  /** Three places: before, on the way, after. */
  async around<T>(places: readonly [Place, Place, Place], work: () => Promise<T>): Promise<T> {
    const [before, during, after] = places
    await this.#at(before)
    const working = work()
    if (this.#hits(during)) {
      working.catch(() => {})
      await never
    }
    const result = await working
    await this.#at(after)
    return result
  }

  ask(ask: Ask): Ask {
    return (text, values) => {
      const places = /^\s*WITH (gone|held)/.test(text)
        ? (['record', 'recording', 'recorded'] as const)
        : /FROM outbox AS o/.test(text)
          ? (['fetch', 'fetching', 'fetched'] as const)
          : (['lease', 'leasing', 'leased'] as const)
      return this.around(places, () => ask(text, values))
    }
  }

  target(target: Target): Target {
    return {
      ...target,
      deliver: (row, run) => this.around(['send', 'sending', 'sent'], async () => target.deliver(row, run)),
    }
  }

  async #at(place: Place): Promise<void> {
    if (this.#isDead || this.#hits(place)) await never
  }

  #hits(place: Place): boolean {
    if (this.#isDead) return true
    if (place !== this.#place || --this.#left > 0) return false
    this.#isDead = true
    this.#die()
    return true
  }
}

const never = new Promise<never>(() => {})
