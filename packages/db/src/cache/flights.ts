import type { Position } from '@miyabi/postgres'
import type { CacheRequest, Entry } from './entry.js'

/** How long after its start calls still wait for a load, in milliseconds: it may never end. */
const JOIN_MS = 5_000

interface Flight {
  readonly tags: readonly string[]
  readonly token: unknown
  readonly landing: Promise<Entry>
  readonly startedAt: number
  /** Undefined until it is read. */
  position: Position | undefined
}

/**
 * The loads that are under way. A call waits for one only as long as nothing has changed since it began: whoever comes
 * after a tag was raised gets a load of their own.
 */
export class Flights {
  readonly #flights = new Map<string, Flight>()

  /** The load that a call may wait for. Without a line, what has changed since it read its position is unknown. */
  at(key: string, token: unknown): Promise<Entry> | undefined {
    const flight = this.#flights.get(key)
    if (!flight || flight.token !== token) return undefined
    // A load that has not read its position yet will read its rows later than now.
    const isUnread = flight.position === undefined
    return (token !== undefined || isUnread) && performance.now() < flight.startedAt + JOIN_MS
      ? flight.landing
      : undefined
  }

  begin(
    { key, tags }: CacheRequest,
    token: unknown,
    fly: (at: (position: Position) => void) => Promise<Entry>,
  ): Promise<Entry> {
    const landing = fly((position) => {
      flight.position = position
    })
    const flight: Flight = { tags, token, landing, startedAt: performance.now(), position: undefined }
    this.#flights.set(key, flight)
    const end = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    }
    landing.then(end, end)
    return landing
  }

  raise(tag: string, lsn: bigint): void {
    for (const [key, { tags, position }] of this.#flights)
      if (tags.includes(tag) && (position === undefined || position.lsn <= lsn)) this.#flights.delete(key)
  }

  clear(): void {
    this.#flights.clear()
  }
}
