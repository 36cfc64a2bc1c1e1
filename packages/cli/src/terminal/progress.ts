import type { Stream } from './stream.js'

/** Tells a person who waits what is being done. */
export interface Progress extends Disposable {
  /** A step begins. */
  step(text: string): void
  /** How far the step is. */
  detail(text: string): void
}

/** Delays that keep quick steps silent, and how often a long one is reported again, in milliseconds. */
const AT_TERMINAL = { firstMs: 300, againMs: 1000 }
const IN_PIPE = { firstMs: 1000, againMs: 30_000 }

/** The one that is shown now. */
let current: Line | undefined

/** Removes the progress line from the terminal, so that something can be written; it returns with the next report. */
export const clearProgress = (): void => current?.clear()

/**
 * Reports steps on stderr. On a terminal one line at the bottom, with the seconds since the step began. Elsewhere a
 * plain line for a step that lasts longer than a second, and again every 30 seconds.
 */
export function showProgress(stream: Stream = process.stderr): Progress {
  return new Line(stream)
}

class Line implements Progress {
  readonly #stream: Stream
  readonly #outer = current
  #text = ''
  #detail = ''
  #beganAt = 0
  #isShown = false
  #timer: NodeJS.Timeout | undefined

  constructor(stream: Stream) {
    this.#stream = stream
    current?.clear()
    current = this
  }

  step(text: string): void {
    if (text === this.#text) return
    this.#text = text
    this.#detail = ''
    this.#beganAt = performance.now()
    if (this.#stream.isTTY && this.#isShown) this.#report()
    else this.#wait(this.#delays.firstMs)
  }

  detail(text: string): void {
    this.#detail = text
  }

  clear(): void {
    if (this.#isShown && this.#stream.isTTY) this.#stream.write('\r\u001B[K')
    this.#isShown = false
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.clear()
    if (current === this) current = this.#outer
  }

  get #delays(): typeof AT_TERMINAL {
    return this.#stream.isTTY ? AT_TERMINAL : IN_PIPE
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#report(), ms)
    this.#timer.unref()
  }

  #report(): void {
    this.#wait(this.#delays.againMs)
    if (current !== this) return // a step within this one is shown
    const seconds = Math.floor((performance.now() - this.#beganAt) / 1000)
    const since = seconds >= 2 ? ` (${seconds} s)` : ''
    const line = `${this.#text}${this.#detail ? `: ${this.#detail}` : ' ...'}${since}`
    if (this.#stream.isTTY) this.#stream.write(`\r\u001B[K${line.slice(0, Math.max(20, this.#stream.columns - 1))}`)
    else this.#stream.write(`${line}\n`)
    this.#isShown = true
  }
}
