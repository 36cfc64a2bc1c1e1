import type { CacheDoor } from './door.js'
import { TAGS_CHANNEL } from './listen-line.js'
import { POSITION_COLUMNS, type PositionRow, positionOf } from './position.js'

type Ask = (text: string, values: readonly unknown[]) => Promise<readonly PositionRow[]>

/** Maximum bytes of tags in one notification: the server accepts up to 7,999. */
const MAX_WORD = 7_500
/** Maximum number of tags that are raised in one call. */
const MOST = 1_000

/**
 * Reads the position and sends it to all listeners. NOTIFY writes to the log after it: a position that is read once
 * this statement is done is higher.
 */
const TELL = `
  WITH now AS MATERIALIZED (SELECT ${POSITION_COLUMNS})
  SELECT lsn, history, (SELECT count(pg_notify('${TAGS_CHANNEL}', history || E'\\n' || lsn || E'\\n' || words.word))
                          FROM unnest($1::text[]) AS words (word)) FROM now`

/** Redis is configured, but did not accept the raised tags. */
export class RedisRefusal extends Error {}

interface Waiting {
  readonly tags: readonly string[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Raises tags in all processes: those of all pending rows together. */
export class TagRaiser {
  readonly #ask: Ask
  readonly #door: CacheDoor
  readonly #waiting: Waiting[] = []
  #isRunning = false

  /** @param ask queries the primary as the service. */
  constructor(ask: Ask, door: CacheDoor) {
    this.#ask = ask
    this.#door = door
  }

  /**
   * Resolves when no process serves values any more that were read before the call.
   * @throws {RedisRefusal} and errors of PostgreSQL: the tags may be raised in part, and the call must be retried.
   */
  raise(tags: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ tags, resolve, reject })
      if (!this.#isRunning) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#waiting.length > 0) {
      const taken = this.#take()
      try {
        await this.#raise([...new Set(taken.flatMap(({ tags }) => tags))])
        for (const { resolve } of taken) resolve()
      } catch (error) {
        for (const { reject } of taken) reject(error)
      }
    }
    this.#isRunning = false
  }

  #take(): Waiting[] {
    let room = MOST
    let rows = 0
    for (const { tags } of this.#waiting) {
      room -= tags.length
      if (rows > 0 && room < 0) break
      rows += 1
    }
    return this.#waiting.splice(0, rows)
  }

  async #raise(tags: readonly string[]): Promise<void> {
    const [row] = await this.#ask(TELL, [wordsOf(tags)])
    if (!row) throw new Error('no position')
    const position = positionOf(row)
    this.#door.raise(tags, position)
    await this.#door.raiseInRedis(tags, position).catch((cause: unknown) => {
      throw new RedisRefusal('tags could not be raised in Redis', { cause })
    })
  }
}

/** Splits tags into as few notifications as possible. */
function wordsOf(tags: readonly string[]): string[] {
  const words: string[] = []
  let word = ''
  for (const tag of tags) {
    if (word !== '' && Buffer.byteLength(word) + Buffer.byteLength(tag) >= MAX_WORD) {
      words.push(word)
      word = ''
    }
    word = word === '' ? tag : `${word}\n${tag}`
  }
  if (word !== '') words.push(word)
  return words
}
