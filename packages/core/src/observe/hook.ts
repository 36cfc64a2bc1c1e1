import { AsyncResource } from 'node:async_hooks'

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
  #inContext: readonly Listener<Facts>[] = []

  constructor(onFailed: (error: unknown) => void) {
    this.#onFailed = onFailed
  }

  /** Whether anybody listens. */
  get isHeard(): boolean {
    return this.#listeners.length > 0
  }

  /**
   * @param inContext whether it is to be told in the asynchronous context of who asked.
   * @returns what ends it.
   */
  add(listener: Listener<Facts>, inContext = false): () => void {
    const own: Listener<Facts> = (facts) => listener(facts) // who is added twice is told twice, and ended apart
    this.#listeners = [...this.#listeners, own]
    if (inContext) this.#inContext = [...this.#inContext, own]
    return () => {
      this.#listeners = this.#listeners.filter((one) => one !== own)
      this.#inContext = this.#inContext.filter((one) => one !== own)
    }
  }

  /** The asynchronous context that runs, to tell in it later; undefined where nobody wants that. */
  capture(): AsyncResource | undefined {
    return this.#inContext.length > 0 ? new AsyncResource('MiyabiObserved') : undefined
  }

  /** @param context where it is not that which runs. */
  tell(facts: Facts, context?: AsyncResource): void {
    if (context) context.runInAsyncScope(() => this.#tell(facts))
    else this.#tell(facts)
  }

  #tell(facts: Facts): void {
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

/** What every observer may say of itself. */
export interface ObserverContext {
  /** Whether it is to be told in the asynchronous context of who asked, as a tracer wants it. That costs a little. */
  readonly inContext?: boolean
}

/** The hooks of an observer, by the names of its methods. */
export type Hooks<Observer> = {
  readonly [Name in keyof Omit<Required<Observer>, keyof ObserverContext>]: Hook<FactsOf<Required<Observer>[Name]>>
}
type FactsOf<Method> = Method extends (facts: infer Facts) => unknown ? Facts : never

/** Adds an observer to the hooks of each method that it has. Returns what ends it. */
export function addObserver<Observer extends ObserverContext>(hooks: Hooks<Observer>, observer: Observer): () => void {
  const ends = Object.entries(hooks as unknown as Readonly<Record<string, Hook<never>>>).flatMap(([name, hook]) => {
    const method: unknown = Reflect.get(observer, name)
    return typeof method === 'function'
      ? [hook.add((facts) => method.call(observer, facts) as unknown, observer.inContext)]
      : []
  })
  return () => {
    for (const end of ends) end()
  }
}
