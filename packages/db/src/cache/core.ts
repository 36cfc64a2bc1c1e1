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

/** Larger values are not kept. In bytes, encoded. */
const MAX_ENTRY_BYTES = 1_048_576
/** How long a call waits for the load of another process before it loads itself, in milliseconds. */
const WAIT_MS = 5_000
/** Mean interval between two checks for its result, with jitter, in milliseconds. */
const LOOK_EVERY_MS = 20

/** The dependencies of the cache of a process. */
export interface CoreParts {
  readonly memory: MemoryLevel
  readonly line: TagLine
  readonly second: SecondLevel | undefined
  /** Reads the current write position of the primary; the query starts after the call. */
  readonly position: () => Promise<Position>
  readonly logger: Logger
}

/**
 * The cache of one process: memory, the second level if there is one, and one load for all callers that miss the same
 * key.
 *
 * An entry has the position of the primary that was read before its rows. A tag has the position that the relay read
 * when the rows of the change were visible to it. So an entry that was read before a change became visible is at or
 * below the position of its tags, whichever process was slow, and is not served.
 */
export class CacheCore {
  readonly counts: CacheCounts = noCounts()
  readonly board: TagBoard
  readonly #parts: CoreParts
  readonly #flights = new Flights()
  /** The token of the line at the last access to memory. */
  #lineToken: unknown
  /** Replaced when the line was lost, or when another server became the primary. */
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

  /** Returns the position of the primary at the time of the call, or later. */
  async position(): Promise<Position> {
    const position = await this.#parts.position()
    this.board.adopt(position)
    return position
  }

  /** Returns the entry of a key in memory, if it is fresh. Callers must return only copies of its value. */
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

  /** Returns the stale value, and loads a newer one for later calls. */
  #staleWhile(request: CacheRequest, { value }: Entry): unknown {
    this.counts.stale += 1
    this.#fly({ ...request, swrMs: 0 }, this.#tokenNow()).catch(() => {})
    return copied(value)
  }

  /** Waits for the load in progress, or starts one. */
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
      // After the lookup: the position of a new entry must be above that of the tags that were missing there.
      const position = isFirst ? this.position() : undefined
      position?.catch(() => {}) // the load awaits it, if it runs
      const unlock = look && (await second.lock(request.key, history))
      // The value that another process loads may be too old for a caller that has written.
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
    // A raise that this process received, such as that of `forget()`, may not be in Redis yet.
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
    // After the current load has finished: the newer entry replaces it.
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
      /** The position, if it was already requested. */
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
      // The caller does not wait for the store.
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

  /** Keeps an entry in memory if no raise can have been missed since the call began. */
  #remember({ key, tags }: CacheRequest, entry: Entry, token: unknown): void {
    if (token === undefined || token !== this.#tokenNow() || !this.board.isBelow(tags, entry.position)) return
    this.#parts.memory.set(key, entry, tags)
  }

  /** Returns the entry that replaces a value while a store fails; never one that is known to be outdated. */
  #keptFor(request: CacheRequest, error: unknown, look: Look | undefined): Entry | undefined {
    if (request.staleIfErrorMs === 0 || !isStoreFailure(error)) return undefined
    const inMemory = this.#tokenNow() === undefined ? undefined : this.#parts.memory.get(request.key)
    const kept = inMemory ?? (look?.isGood ? look.entry : undefined)
    if (!kept || !isSeen(kept, request.minimum) || !this.board.isBelow(request.tags, kept.position)) return undefined
    return Date.now() < kept.freshUntil + request.staleIfErrorMs ? kept : undefined
  }

  /** Undefined while tags are not received. Unchanged for as long as no tag can have been missed. */
  #tokenNow(): object | undefined {
    const { token } = this.#parts.line
    if (token !== this.#lineToken) {
      this.#lineToken = token
      this.#clear()
    }
    return token === undefined ? undefined : this.#session
  }

  /** Drops all entries, and prevents loads in progress from being kept. */
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
