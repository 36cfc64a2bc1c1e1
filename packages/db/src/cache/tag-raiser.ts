import type { CacheDoor } from './door.js'
import { TAGS_CHANNEL } from './listen-line.js'
import { POSITION_COLUMNS, type PositionRow, positionOf } from './position.js'

type Ask = (text: string, values: readonly unknown[]) => Promise<readonly PositionRow[]>

/** So many bytes of tags go into one word to other processes: the server takes up to 7,999. */
const MAX_WORD = 7_500
/** Tags that are raised in one go. */
const MOST = 1_000

/**
 * Reads the position and tells it to all who listen. NOTIFY writes into the log behind it: whoever asks for a position
 * once this is done gets a higher one.
 */
const TELL = `
  WITH now AS MATERIALIZED (SELECT ${POSITION_COLUMNS})
  SELECT lsn, history, (SELECT count(pg_notify('${TAGS_CHANNEL}', history || E'\\n' || lsn || E'\\n' || words.word))
                          FROM unnest($1::text[]) AS words (word)) FROM now`

/** Redis, which is set, did not take what was to be raised. */
export class RedisRefusal extends Error {}

interface Waiting {
  readonly tags: readonly string[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Raises tags everywhere: those of all rows that wait together. */
export class TagRaiser {
  readonly #ask: Ask
  readonly #door: CacheDoor
  readonly #waiting: Waiting[] = []
  #isRunning = false

  /** @param ask asks the primary as the service. */
  constructor(ask: Ask, door: CacheDoor) {
    this.#ask = ask
    this.#door = door
  }

  /**
   * Resolves when nobody is served any more what was read before now.
   * @throws {RedisRefusal} and what PostgreSQL throws: it may be done in part, and has to be done again.
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

/** As few words as hold all tags. */
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
