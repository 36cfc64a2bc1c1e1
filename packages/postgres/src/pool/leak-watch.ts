import type { PoolLog } from './log.js'

/** Frames kept of the stack that took a connection: a query builder's own frames fill the default ten. */
const FRAMES = 50

/** The place where a connection was acquired. */
export interface Taker {
  readonly stack?: string
}

/** Reports connections that are held too long, with the stack that took them, and again when they are returned. */
export class LeakWatch {
  readonly #thresholdMs: number
  readonly #log: PoolLog

  constructor(thresholdMs: number, log: PoolLog) {
    this.#thresholdMs = thresholdMs
    this.#log = log
  }

  /** The stack of the current call, formatted only when reported. `below` and the functions it called are omitted. */
  taker(below: (...args: never[]) => unknown): Taker {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = FRAMES
    const taker: Taker = {}
    Error.captureStackTrace(taker, below)
    Error.stackTraceLimit = limit
    return taker
  }

  /** Watches one lease until the returned function is called. */
  watch(taker: Taker): () => void {
    const since = performance.now()
    let told: string | undefined
    const timer = setTimeout(() => {
      told = framesOf(taker)
      this.#log.leakSuspected(performance.now() - since, told)
    }, this.#thresholdMs)
    timer.unref()
    return () => {
      clearTimeout(timer)
      if (told !== undefined) this.#log.leakRecovered(performance.now() - since, told)
    }
  }
}

/** The frames without the first line, which would be `Error`. */
function framesOf({ stack = '' }: Taker): string {
  return stack.slice(stack.indexOf('\n') + 1)
}
