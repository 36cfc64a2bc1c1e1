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

/** Of the form of what is stored: another one has names of its own. */
const FORM = '1'
/** How long a tag is kept after it was raised or asked for last. One that is gone means a miss. */
const TAG_MS = 86_400_000
/** How long one process may be the one that loads, in milliseconds. */
const LOCK_MS = 10_000
/** Names of tags that are kept. */
const MOST_TAG_KEYS = 20_000
/** A larger one was not stored by us. */
const MAX_BYTES = 2_097_152

const RAISE = `local held = redis.call('GET', KEYS[1])
if not held or held < ARGV[1] then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 1`
const UNLOCK = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`

/** What the level in Redis is made of. */
export interface RedisLevelOptions {
  readonly connect: ConnectRedis
  /** In front of all keys: that of the deployment. */
  readonly prefix: string
  readonly secret: string
  /** What anybody waits for one command at most, in milliseconds. */
  readonly timeoutMs: number
  readonly logger: Logger
  /** Whether all relays raise tags here. While one does not, nothing is served or stored. */
  readonly isTrusted: () => boolean
  readonly raised: (tags: readonly string[], position: Position) => void
  /** Redis answers again. */
  readonly back: () => void
  /** A command failed, or an entry was refused. */
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
    // What was raised and is forgotten was raised before it was missed, and so below this position.
    const below = hexOfLsn(lsn - 1n)
    await this.#link.ask((commands) =>
      Promise.all([
        ...missing.map((tag) => commands.setNew(this.#tagKey(history, tag), below, TAG_MS)),
        commands.set(at, this.#seal.closed(at, body), entry.keptUntil - Date.now()),
      ]),
    )
  }

  /** @throws where it is not certain that every tag was raised. */
  raise(tags: readonly string[], position: Position): Promise<void> {
    const { history, lsn } = position
    return this.#link.certain(async (commands) => {
      const keys = tags.map((tag) => this.#tagKey(history, tag))
      const raises = keys.map((key) =>
        commands.script(RAISE, key, [hexOfLsn(lsn), String(TAG_MS)]).catch(async (error: unknown) => {
          // Without memory it takes nothing, but lets go: a tag that is gone means a miss, until it can be raised.
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

  /** Kept, as tags are few: a name takes longer to make than all else of a look. */
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

  /** The server is part of it: one that was restarted, or took another's place, may have lost what was raised last. */
  #key(kind: 'e' | 't' | 'l', history: string, name: string): string {
    return `${this.#prefix}:${kind}:{${this.#seal.name(FORM, kind, this.#link.server, history, name)}}`
  }
}
