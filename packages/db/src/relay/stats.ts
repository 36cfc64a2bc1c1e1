/** What a relay did with the rows of one topic, since it was created. */
export interface TopicStats {
  /** Delivered, with confirmation. */
  readonly delivered: number
  /** Attempts that failed. */
  readonly failed: number
  /** Rows that became dead letters. */
  readonly dead: number
  /** Deliveries of rows that had failed in an earlier attempt. */
  readonly redelivered: number
}

/** Current statistics of a relay. */
export interface RelayStats {
  /** How many of the sixteen it works on. */
  readonly partitions: number
  /**
   * How long the next row without an attempt has been due, as of a few seconds ago, in milliseconds; 0 if there is
   * none. Rows behind a failed one of their key are excluded.
   */
  readonly lagMs: number
  /** Recent number of rows in its partitions, up to 10,000. */
  readonly depth: number
  /** Rows being processed. */
  readonly rows: number
  readonly topics: Readonly<Record<string, TopicStats>>
  /**
   * Rows of topics or versions without a handler here, met in the last minute, by `topic@version`: they wait for a
   * relay that has one.
   */
  readonly unknown: Readonly<Record<string, number>>
  /** Whether it waits because the store was restored from a backup and has not been resumed. */
  readonly waitsForResume: boolean
}

/** Counts by topic. */
export class RelayCounts {
  readonly #topics = new Map<string, { -readonly [K in keyof TopicStats]: number }>()

  /** @param topics those that are present from the beginning, with zeros. */
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
