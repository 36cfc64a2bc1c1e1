/** What an observer is called with. What it returns is of no use; of a promise only the rejection is heard. */
export type Listener<Facts> = (facts: Facts) => unknown

/**
 * One kind of thing that can be observed. With nobody listening it costs a comparison: ask `isHeard` before facts are
 * made.
 *
 * Whoever listens harms nobody but themselves: what they throw is told to `onFailed`, once each, and they go on being
 * called.
 */
export class Hook<Facts> {
  readonly #onFailed: (error: unknown) => void
  readonly #failed = new WeakSet<Listener<Facts>>()
  #listeners: readonly Listener<Facts>[] = []

  constructor(onFailed: (error: unknown) => void) {
    this.#onFailed = onFailed
  }

  /** Whether anybody listens. */
  get isHeard(): boolean {
    return this.#listeners.length > 0
  }

  /** Returns what ends it. */
  add(listener: Listener<Facts>): () => void {
    const own: Listener<Facts> = (facts) => listener(facts) // who is added twice is told twice, and ended apart
    this.#listeners = [...this.#listeners, own]
    return () => {
      this.#listeners = this.#listeners.filter((one) => one !== own)
    }
  }

  tell(facts: Facts): void {
    for (const listener of this.#listeners) {
      try {
        const returned = listener(facts)
        if (returned instanceof Promise) returned.catch((error: unknown) => this.#failedBy(listener, error))
      } catch (error) {
        this.#failedBy(listener, error)
      }
    }
  }

  #failedBy(listener: Listener<Facts>, error: unknown): void {
    if (this.#failed.has(listener)) return
    this.#failed.add(listener)
    this.#onFailed(error)
  }
}

/** The hooks of an observer, by the names of its methods. */
export type Hooks<Observer> = {
  readonly [Name in keyof Required<Observer>]: Hook<FactsOf<Required<Observer>[Name]>>
}
type FactsOf<Method> = Method extends (facts: infer Facts) => unknown ? Facts : never

/** Adds an observer to the hooks of each method that it has. Returns what ends it. */
export function addObserver<Observer extends object>(hooks: Hooks<Observer>, observer: Observer): () => void {
  const ends = Object.entries(hooks as unknown as Readonly<Record<string, Hook<never>>>).flatMap(([name, hook]) => {
    const method: unknown = Reflect.get(observer, name)
    return typeof method === 'function' ? [hook.add((facts) => method.call(observer, facts) as unknown)] : []
  })
  return () => {
    for (const end of ends) end()
  }
}
