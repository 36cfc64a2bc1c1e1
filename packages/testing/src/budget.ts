import { createHash } from 'node:crypto'

export interface BudgetOptions {
  /** The name under which its counts are printed, and which makes its seed different from others. */
  readonly name: string
  /** Rounds in `pnpm test`, and the minimum in `pnpm test:long`. */
  readonly short: number
  /** How long `pnpm test:long` continues with it, in seconds. */
  readonly longSeconds: number
  /** The environment; default: the process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The time, in milliseconds since 1970. */
  readonly now?: () => number
  readonly print?: (line: string) => void
}

/**
 * The size of a suite of random or fault tests: a count in `pnpm test`, a time in `pnpm test:long`, which then prints
 * the count it has reached. Random choices start from the seed of the run: always the same one in `pnpm test`, the
 * day's in `pnpm test:long`, so that nightly runs add up; `MIYABI_TEST_SEED` repeats another day. All budgets of a long
 * run end when the run's own time is over (`MIYABI_TEST_UNTIL`).
 */
export class Budget implements Disposable {
  readonly seed: number
  /** Rounds started. */
  rounds = 0
  readonly isLong: boolean
  /** For the test's timeout: distinguishes a hang from a slow run. */
  readonly timeoutMs: number
  readonly #options: BudgetOptions
  readonly #now: () => number
  readonly #untilMs: number
  readonly #startedAtMs: number
  #state: number

  constructor(options: BudgetOptions) {
    const { env = process.env, now = Date.now, name, longSeconds } = options
    this.#options = options
    this.#now = now
    this.isLong = env['MIYABI_TEST_LONG'] === '1'
    this.timeoutMs = this.isLong ? longSeconds * 2000 + 600_000 : 180_000
    this.seed = currentSeed(env, now())
    this.#state = createHash('sha256').update(`${this.seed} ${name}`).digest().readUInt32LE()
    this.#startedAtMs = now()
    const runEndsAtMs = Number(env['MIYABI_TEST_UNTIL'] || Number.POSITIVE_INFINITY)
    this.#untilMs = this.isLong ? Math.min(this.#startedAtMs + longSeconds * 1000, runEndsAtMs) : 0
  }

  /** Returns whether there should be another round, or `count` more; counts them. */
  next(rounds = 1): boolean {
    if (this.rounds >= this.#options.short && this.#now() >= this.#untilMs) return false
    this.rounds += rounds
    return true
  }

  /** A number from 0 (inclusive) to 1 (exclusive); the same sequence for the same seed. */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  [Symbol.dispose](): void {
    if (!this.isLong) return
    const { name, print = console.info } = this.#options
    const seconds = Math.round((this.#now() - this.#startedAtMs) / 1000)
    print(`${name}: ${this.rounds} in ${seconds} s, seed ${this.seed}`)
  }
}

/** `20260131`. */
/** The seed of a run: the one in `MIYABI_TEST_SEED`, else the day as a number, 20260131. */
export const currentSeed = (
  env: Readonly<Record<string, string | undefined>> = process.env,
  nowMs: number = Date.now(),
): number => Number(env['MIYABI_TEST_SEED'] || dayOf(nowMs))

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')
