import { randomUUID } from 'node:crypto'
import type { Logger } from '@miyabi/core'
import type { Position } from '@miyabi/postgres'
import { hexOfLsn, lsnOfHex } from '../../seen/position.js'
import { decode, encode } from '../codec.js'
import type { Entry } from '../entry.js'
import type { Look, SecondLevel } from '../second-level.js'
import type { TagLine } from '../tag-line.js'
import { messageOf, readMessage } from '../tag-message.js'
import type { ConnectRedis } from './commands.js'
import { RedisLink } from './link.js'
import { Seal } from './seal.js'

/** Version of the storage format. Each version has separate keys. */
const FORM = '1'
/** How long a tag is kept after it was last raised or requested. A missing tag causes a miss. */
const TAG_MS = 86_400_000
/** How long a process may hold the lock for loading, in milliseconds. */
const LOCK_MS = 10_000
/** Maximum number of names of tags that are kept in memory. */
const MOST_TAG_KEYS = 20_000
/** Larger entries were not stored by this cache. */
const MAX_BYTES = 2_097_152

const RAISE = `local held = redis.call('GET', KEYS[1])
if not held or held < ARGV[1] then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 1`
const UNLOCK = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`

/** The dependencies of the level in Redis. */
export interface RedisLevelOptions {
  readonly connect: ConnectRedis
  /** The prefix of all keys of the deployment. */
  readonly prefix: string
  readonly secret: string
  /** Maximum time that a caller waits for one command, in milliseconds. */
  readonly timeoutMs: number
  readonly logger: Logger
  /** Whether all relays raise tags in this Redis. While one does not, no value is served or stored. */
  readonly isTrusted: () => boolean
  readonly raised: (tags: readonly string[], position: Position) => void
  /** Called when Redis responds again. */
  readonly back: () => void
  /** Called when a command failed or an entry was rejected. */
  readonly failed: () => void
}

/** The level in Redis or Valkey. */
export class RedisLevel implements SecondLevel, TagLine {
  readonly #link: RedisLink
  readonly #seal: Seal
  readonly #prefix: string
  readonly #channel: string
  readonly #failed: () => void
  readonly #isTrusted: () => boolean
  readonly #tagKeys = new Map<string, string>()
  #tagKeysOf = ''

  constructor({ prefix, secret, raised, failed, isTrusted, ...options }: RedisLevelOptions) {
    this.#seal = new Seal(secret)
    this.#prefix = prefix
    this.#channel = `${prefix}:tags`
    this.#failed = failed
    this.#isTrusted = isTrusted
    const heard = (message: string): void => {
      const read = readMessage(message)
      if (read) raised(read.tags, read.position)
    }
    this.#link = new RedisLink({ ...options, channel: this.#channel, heard, failed })
  }

  get token(): unknown {
    return this.#isTrusted() ? this.#link.token : undefined
  }

  open(): Promise<void> {
    return this.#link.open()
  }

  close(): void {
    this.#link.close()
  }

  look(key: string, tags: readonly string[], history: string): Promise<Look | undefined> {
    if (!this.#isTrusted()) return Promise.resolve(undefined)
    const at = this.#key('e', history, key)
    return this.#link.ask(async (commands) => {
      const [stored, ...held] = await commands.get([at, ...tags.map((tag) => this.#tagKey(history, tag))])
      const entry = stored && this.#entryIn(at, stored, history)
      const missing = tags.filter((_, index) => held[index] === undefined)
      const isGood =
        entry !== undefined &&
        held.every((lsn) => lsn !== undefined && lsn.toString('latin1') < hexOfLsn(entry.position.lsn))
      return { entry, isGood, missing }
    })
  }

  async lock(key: string, history: string): Promise<(() => void) | false | undefined> {
    const at = this.#key('l', history, key)
    const own = randomUUID()
    const isWon = await this.#link.ask((commands) => commands.setNew(at, own, LOCK_MS))
    return isWon ? () => void this.#link.ask((commands) => commands.script(UNLOCK, at, [own])) : isWon
  }

  async store(key: string, entry: Entry, missing: readonly string[]): Promise<void> {
    const { history, lsn } = entry.position
    const at = this.#key('e', history, key)
    const body = encode([entry.value, hexOfLsn(lsn), entry.freshUntil, entry.keptUntil])
    // A tag that expired was raised before it was found missing, so below this position.
    const below = hexOfLsn(lsn - 1n)
    await this.#link.ask((commands) =>
      Promise.all([
        ...missing.map((tag) => commands.setNew(this.#tagKey(history, tag), below, TAG_MS)),
        commands.set(at, this.#seal.closed(at, body), entry.keptUntil - Date.now()),
      ]),
    )
  }

  /** @throws if it is not certain that every tag was raised. */
  raise(tags: readonly string[], position: Position): Promise<void> {
    const { history, lsn } = position
    return this.#link.certain(async (commands) => {
      const keys = tags.map((tag) => this.#tagKey(history, tag))
      const raises = keys.map((key) =>
        commands.script(RAISE, key, [hexOfLsn(lsn), String(TAG_MS)]).catch(async (error: unknown) => {
          // Without free memory Redis rejects writes, but deletes: a missing tag causes misses until it can be raised.
          await commands.delete(key)
          throw error
        }),
      )
      const results = await Promise.allSettled(raises)
      await commands.publish(this.#channel, messageOf(tags, position))
      const failed = results.find((result) => result.status === 'rejected')
      if (failed) throw failed.reason
    })
  }

  #entryIn(at: string, stored: Buffer, history: string): Entry | undefined {
    try {
      const body = stored.length <= MAX_BYTES ? this.#seal.opened(at, stored) : undefined
      if (!body) throw new RangeError('not sealed by this deployment')
      const [value, lsn, freshUntil, keptUntil] = decode(body) as [unknown, string, number, number]
      return { value, position: { history, lsn: lsnOfHex(lsn) }, freshUntil, keptUntil, bytes: body.length }
    } catch {
      this.#failed()
      return undefined
    }
  }

  /** Names are kept, because tags are few: computing one takes longer than the rest of a lookup. */
  #tagKey(history: string, tag: string): string {
    const of = `${this.#link.server} ${history}`
    if (of !== this.#tagKeysOf || this.#tagKeys.size === MOST_TAG_KEYS) this.#tagKeys.clear()
    this.#tagKeysOf = of
    const known = this.#tagKeys.get(tag)
    if (known !== undefined) return known
    const key = this.#key('t', history, tag)
    this.#tagKeys.set(tag, key)
    return key
  }

  /** The key includes the server: after a restart or a failover it may have lost the tags that were raised last. */
  #key(kind: 'e' | 't' | 'l', history: string, name: string): string {
    return `${this.#prefix}:${kind}:{${this.#seal.name(FORM, kind, this.#link.server, history, name)}}`
  }
}
