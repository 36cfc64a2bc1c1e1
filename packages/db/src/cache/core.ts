import type { Logger } from '@miyabi/core'
import type { Position } from '@miyabi/postgres'
import { encode } from './codec.js'
import { copied } from './copied.js'
import { type CacheRequest, type Entry, isSeen } from './entry.js'
import { Flights } from './flights.js'
import type { MemoryLevel } from './memory.js'
import type { Look, SecondLevel } from './second-level.js'
import { type CacheCounts, type CacheStats, noCounts } from './stats.js'
import { isStoreFailure } from './store-failure.js'
import { TagBoard } from './tag-board.js'
import type { TagLine } from './tag-line.js'

/** A larger value is not kept. In bytes, encoded. */
const MAX_ENTRY_BYTES = 1_048_576
/** How long a call waits for the load of another process before it loads itself, in milliseconds. */
const WAIT_MS = 5_000
/** Between two looks for it, spread. In milliseconds. */
const LOOK_EVERY_MS = 20

/** What the cache of a process is made of. */
export interface CoreParts {
  readonly memory: MemoryLevel
  readonly line: TagLine
  readonly second: SecondLevel | undefined
  /** Asks the primary how far it has written, after the call. */
  readonly position: () => Promise<Position>
  readonly logger: Logger
}

/**
 * The cache of one process: memory, the second level where there is one, and one load for all who miss the same.
 *
 * An entry has the position of the primary that was read before its rows, and a tag the position that the relay read
 * when it saw the rows of the change. So what was read before a change could be seen is at or below its tags, whoever
 * was slow, and is not served.
 */
export class CacheCore {
  readonly counts: CacheCounts = noCounts()
  readonly board: TagBoard
  readonly #parts: CoreParts
  readonly #flights = new Flights()
  /** That of the line when memory was last looked at. */
  #lineToken: unknown
  /** Another one once the line was lost, or another server became the primary. */
  #session: object = {}
  #hasWarned = false

  constructor(parts: CoreParts) {
    this.#parts = parts
    this.board = new TagBoard(
      (tag, lsn) => {
        parts.memory.drop(tag, lsn)
        this.#flights.raise(tag, lsn)
      },
      () => this.#clear(),
    )
  }

  stats(): CacheStats {
    const { memory, line } = this.#parts
    return { ...this.counts, entries: memory.size, bytes: memory.bytes, isHearing: line.token !== undefined }
  }

  /** The position of the primary at this moment, or later. */
  async position(): Promise<Position> {
    const position = await this.#parts.position()
    this.board.adopt(position)
    return position
  }

  /** The entry of a key in memory, if it is fresh. Callers must hand out copies of its value only. */
  hit(key: string, minimum: Position | undefined): Entry | undefined {
    const found = this.#tokenNow() === undefined ? undefined : this.#parts.memory.get(key)
    if (!found || !isSeen(found, minimum) || Date.now() >= found.freshUntil) return undefined
    this.counts.hits += 1
    return found
  }

  /** Returns the value of a key that `hit` did not find. */
  async get(request: CacheRequest): Promise<unknown> {
    const token = this.#tokenNow()
    const found = token === undefined ? undefined : this.#parts.memory.get(request.key)
    if (found && isSeen(found, request.minimum) && Date.now() - found.freshUntil < request.swrMs)
      return this.#staleWhile(request, found)
    return this.#fly(request, token)
  }

  /** The value as it is, and a newer one for those who come later. */
  #staleWhile(request: CacheRequest, { value }: Entry): unknown {
    this.counts.stale += 1
    this.#fly({ ...request, swrMs: 0 }, this.#tokenNow()).catch(() => {})
    return copied(value)
  }

  /** Waits for the load that is under way, or loads. */
  async #fly(request: CacheRequest, token: unknown): Promise<unknown> {
    const { key, minimum } = request
    const under = this.#flights.at(key, token)
    if (under) {
      const entry = await under
      if (isSeen(entry, minimum)) {
        this.counts.misses += 1
        return copied(entry.value)
      }
    }
    if (token === undefined) this.#warn()
    const entry = await this.#flights.begin(request, token, (at) => this.#miss(request, token, at))
    return copied(entry.value)
  }

  async #miss(request: CacheRequest, token: unknown, at: (position: Position) => void): Promise<Entry> {
    const { second } = this.#parts
    if (!second) return this.#load(request, { token, at })
    const history = this.board.history ?? (await this.position()).history
    const endsAt = performance.now() + WAIT_MS
    for (let isFirst = true; ; isFirst = false) {
      const look = await second.look(request.key, request.tags, history)
      const served = look && this.#fromSecond(request, look, token, at)
      if (served) return served
      // After the look: a new entry has to be above the tags that were missing there.
      const position = isFirst ? this.position() : undefined
      position?.catch(() => {}) // the load awaits it, if there is one
      const unlock = look && (await second.lock(request.key, history))
      // What another process loads may be too old for one who has written.
      if (unlock === false && request.minimum === undefined && performance.now() < endsAt) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS * (0.5 + Math.random())))
        continue
      }
      return this.#load(request, { token, at, look, unlock: unlock || undefined, position })
    }
  }

  #fromSecond(
    request: CacheRequest,
    { entry, isGood }: Look,
    token: unknown,
    at: (position: Position) => void,
  ): Entry | undefined {
    if (!entry || !isGood || !isSeen(entry, request.minimum)) return undefined
    // A raise that was heard here may not be in Redis yet, as that of `forget()`.
    if (!this.board.isBelow(request.tags, entry.position)) return undefined
    const age = Date.now() - entry.freshUntil
    if (age >= request.swrMs) return undefined
    at(entry.position)
    this.#remember(request, entry, token)
    if (age < 0) {
      this.counts.secondHits += 1
      return entry
    }
    this.counts.stale += 1
    // After this one has landed: the newer one takes its place.
    setImmediate(() => this.#fly({ ...request, swrMs: 0 }, this.#tokenNow()).catch(() => {}))
    return entry
  }

  async #load(
    request: CacheRequest,
    from: {
      readonly token: unknown
      readonly at: (position: Position) => void
      readonly look?: Look | undefined
      readonly unlock?: (() => void) | undefined
      /** Requested already. */
      readonly position?: Promise<Position> | undefined
    },
  ): Promise<Entry> {
    const { token, at, look, unlock } = from
    this.counts.misses += 1
    this.counts.loads += 1
    try {
      const position = await (from.position ?? this.position())
      at(position)
      const entry = this.#entryOf(request, await request.load(position), position)
      if (entry.isKept) this.#remember(request, entry, token)
      // The caller does not wait for it.
      if (look && entry.isKept && this.board.isBelow(request.tags, position))
        void this.#parts.second?.store(request.key, entry, look.missing).finally(unlock)
      else unlock?.()
      return entry
    } catch (error) {
      unlock?.()
      const kept = this.#keptFor(request, error, look)
      if (!kept) throw error
      this.counts.stale += 1
      return kept
    }
  }

  /** @throws {CacheError} `db.cache.not_cacheable` */
  #entryOf(request: CacheRequest, value: unknown, position: Position): Entry & { readonly isKept: boolean } {
    const encoded = encode(value)
    const ttlMs = value === null || value === undefined ? request.absentTtlMs : request.ttlMs
    const freshUntil = Date.now() + ttlMs
    const keptUntil = freshUntil + request.keepMs
    const isKept = encoded.length <= MAX_ENTRY_BYTES
    if (!isKept) this.counts.tooLarge += 1
    return { value: copied(value), position, freshUntil, keptUntil, bytes: encoded.length, isKept }
  }

  /** Where nothing was missed since the call began. */
  #remember({ key, tags }: CacheRequest, entry: Entry, token: unknown): void {
    if (token === undefined || token !== this.#tokenNow() || !this.board.isBelow(tags, entry.position)) return
    this.#parts.memory.set(key, entry, tags)
  }

  /** What may stand in for a value that a store cannot give now: nothing that is known to be old. */
  #keptFor(request: CacheRequest, error: unknown, look: Look | undefined): Entry | undefined {
    if (request.staleIfErrorMs === 0 || !isStoreFailure(error)) return undefined
    const inMemory = this.#tokenNow() === undefined ? undefined : this.#parts.memory.get(request.key)
    const kept = inMemory ?? (look?.isGood ? look.entry : undefined)
    if (!kept || !isSeen(kept, request.minimum) || !this.board.isBelow(request.tags, kept.position)) return undefined
    return Date.now() < kept.freshUntil + request.staleIfErrorMs ? kept : undefined
  }

  /** Undefined while tags are not heard. The same for as long as nothing can have been missed. */
  #tokenNow(): object | undefined {
    const { token } = this.#parts.line
    if (token !== this.#lineToken) {
      this.#lineToken = token
      this.#clear()
    }
    return token === undefined ? undefined : this.#session
  }

  /** Drops what is kept, and what is being loaded is not kept. */
  #clear(): void {
    this.#parts.memory.clear()
    this.#flights.clear()
    this.#session = {}
  }

  #warn(): void {
    if (this.#hasWarned || this.#parts.second) return
    this.#hasWarned = true
    this.#parts.logger.warn(
      { event: 'db.cache.not_hearing' },
      'the cache loads every time: this process does not receive raised tags. Set SERVICE_DIRECT_DATABASE_URL or REDIS_URL, or run the only relay in this process',
    )
  }
}
