import { settlesWithin } from '@miyabi/core'
import type { Position } from '@miyabi/postgres'
import type { Listener } from '../listen/listener.js'
import type { TagLine } from './tag-line.js'
import { readMessage } from './tag-message.js'

/** The channel over which relays announce the tags that they raise. */
export const TAGS_CHANNEL = 'miyabi_tags'

/** How long the first call waits until the line is established, in milliseconds. */
const OPEN_MS = 500

/** Receives raised tags over PostgreSQL. */
export class ListenLine implements TagLine {
  #token: object | undefined
  #onOpen: (() => void) | undefined
  readonly #end: () => void

  constructor(listener: Listener, raised: (tags: readonly string[], position: Position) => void) {
    if (listener.isHearing(TAGS_CHANNEL)) this.#token = {}
    this.#end = listener.listen(TAGS_CHANNEL, {
      heard: (payload) => {
        const read = readMessage(payload)
        if (read) raised(read.tags, read.position)
        else this.#token = {} // an unreadable message counts as a missed one
      },
      changed: (isHearing) => {
        this.#token = isHearing ? {} : undefined
        if (isHearing) this.#onOpen?.()
      },
    })
  }

  get token(): unknown {
    return this.#token
  }

  /** Resolves when tags are received, or after the wait. */
  async open(): Promise<void> {
    if (this.#token) return
    const opened = new Promise<void>((resolve) => {
      this.#onOpen = resolve
    })
    await settlesWithin(OPEN_MS, opened)
  }

  close(): void {
    this.#token = undefined
    this.#end()
  }
}
