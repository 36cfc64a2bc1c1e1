/** What a relay did with the rows of one topic, since it was made. */
export interface TopicStats {
  /** Carried out, and known to be. */
  readonly delivered: number
  /** Attempts that failed. */
  readonly failed: number
  /** Rows that went to the dead letters. */
  readonly dead: number
  /** Deliveries of rows that an earlier attempt had failed with. */
  readonly redelivered: number
}

/** The figures of a relay at one moment. */
export interface RelayStats {
  /** Of the sixteen, those that it works on. */
  readonly partitions: number
  /**
   * How long the next row has been due that nobody has attempted, a few seconds ago, in milliseconds; 0 where there is
   * none. Rows that wait behind one of their key that has failed are not meant.
   */
  readonly lagMs: number
  /** Rows in its partitions a moment ago, up to 10,000. */
  readonly depth: number
  /** Rows in hand. */
  readonly rows: number
  readonly topics: Readonly<Record<string, TopicStats>>
  /**
   * Rows of topics or versions that it does not know and has met in the last minute, by `topic@version`: they wait for
   * a relay that does.
   */
  readonly unknown: Readonly<Record<string, number>>
  /** Whether it waits because the store was restored from a backup and is not resumed. */
  readonly waitsForResume: boolean
}

/** Counts by topic. */
export class RelayCounts {
  readonly #topics = new Map<string, { -readonly [K in keyof TopicStats]: number }>()

  /** @param topics those that are there from the beginning, with zeros. */
  constructor(topics: readonly string[] = []) {
    for (const topic of topics) this.#at(topic)
  }

  add(topic: string, what: keyof TopicStats): void {
    this.#at(topic)[what] += 1
  }

  #at(topic: string) {
    const counts = this.#topics.get(topic) ?? { delivered: 0, failed: 0, dead: 0, redelivered: 0 }
    this.#topics.set(topic, counts)
    return counts
  }

  get topics(): Record<string, TopicStats> {
    return Object.fromEntries([...this.#topics].map(([topic, counts]) => [topic, { ...counts }]))
  }
}
