import type { PoolLog } from './log.js'

/** Frames kept of the stack that took a connection: a query builder's own fill the usual ten. */
const FRAMES = 50

/** Where a connection was asked for. */
export interface Taker {
  readonly stack?: string
}

/** Tells of connections that are held for too long, with the stack that took them, and again when they come back. */
export class LeakWatch {
  readonly #thresholdMs: number
  readonly #log: PoolLog

  constructor(thresholdMs: number, log: PoolLog) {
    this.#thresholdMs = thresholdMs
    this.#log = log
  }

  /** The stack of the present call, formatted only when it is told. `below` and what it called are left out. */
  taker(below: (...args: never[]) => unknown): Taker {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = FRAMES
    const taker: Taker = {}
    Error.captureStackTrace(taker, below)
    Error.stackTraceLimit = limit
    return taker
  }

  /** Watches one lease, until the function that it returns is called. */
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

/** The frames without the line above them, which would say `Error`. */
function framesOf({ stack = '' }: Taker): string {
  return stack.slice(stack.indexOf('\n') + 1)
}
