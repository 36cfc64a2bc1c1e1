import type { Stream } from './stream.js'

/** Reports the progress of a command to a waiting user. */
export interface Progress extends Disposable {
  /** A step begins. */
  step(text: string): void
  /** Reports the progress within the step. */
  detail(text: string): void
}

/** The delays before a step is reported, and the interval between reports of a long one, in milliseconds. */
const AT_TERMINAL = { firstMs: 300, againMs: 1000 }
const IN_PIPE = { firstMs: 1000, againMs: 30_000 }

/** The progress that is currently shown. */
let current: Line | undefined

/** Clears the progress line of the terminal before other output; it returns with the next report. */
export const clearProgress = (): void => current?.clear()

/**
 * Reports steps on stderr: on a terminal in one line at the bottom, with the seconds since the step began; elsewhere in
 * a plain line for a step that takes longer than a second, and again every 30 seconds.
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
    if (current !== this) return // a nested step is shown
    const seconds = Math.floor((performance.now() - this.#beganAt) / 1000)
    const since = seconds >= 2 ? ` (${seconds} s)` : ''
    const line = `${this.#text}${this.#detail ? `: ${this.#detail}` : ' ...'}${since}`
    if (this.#stream.isTTY) this.#stream.write(`\r\u001B[K${line.slice(0, Math.max(20, this.#stream.columns - 1))}`)
    else this.#stream.write(`${line}\n`)
    this.#isShown = true
  }
}
