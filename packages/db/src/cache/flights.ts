import type { Position } from '@miyabi/postgres'
import type { CacheRequest, Entry } from './entry.js'

/** How long after the start of a load calls may join it, in milliseconds. A load may never end. */
const JOIN_MS = 5_000

interface Flight {
  readonly tags: readonly string[]
  readonly token: unknown
  readonly landing: Promise<Entry>
  readonly startedAt: number
  /** Undefined until the load has read it. */
  position: Position | undefined
}

/**
 * The loads in progress. A call joins a load only if none of its tags was raised since the load began; a call after
 * that gets a separate load.
 */
export class Flights {
  readonly #flights = new Map<string, Flight>()

  /** Returns the load that a call may join. Without a line, changes since the load read its position are unknown. */
  at(key: string, token: unknown): Promise<Entry> | undefined {
    const flight = this.#flights.get(key)
    if (!flight || flight.token !== token) return undefined
    // A load that has not read its position yet reads its rows after this point.
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
