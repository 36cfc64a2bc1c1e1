import { AsyncResource } from 'node:async_hooks'

/** The function an observer is called with. Its return value is ignored; of a promise only the rejection is handled. */
export type Listener<Facts> = (facts: Facts) => unknown

/**
 * One kind of thing that can be observed. Without listeners it costs one comparison: check `isHeard` before building
 * facts.
 *
 * Listeners cannot affect the caller: an error they throw is passed to `onFailed`, once per listener, and they continue
 * to be called.
 */
export class Hook<Facts> {
  readonly #onFailed: (error: unknown) => void
  readonly #failed = new WeakSet<Listener<Facts>>()
  #listeners: readonly Listener<Facts>[] = []
  #inContext: readonly Listener<Facts>[] = []

  constructor(onFailed: (error: unknown) => void) {
    this.#onFailed = onFailed
  }

  /** Whether there are listeners. */
  get isHeard(): boolean {
    return this.#listeners.length > 0
  }

  /**
   * @param inContext whether to call it in the asynchronous context of the caller.
   * @returns a function that removes it.
   */
  add(listener: Listener<Facts>, inContext = false): () => void {
    const own: Listener<Facts> = (facts) => listener(facts) // a listener added twice is called twice, and each is removed separately
    this.#listeners = [...this.#listeners, own]
    if (inContext) this.#inContext = [...this.#inContext, own]
    return () => {
      this.#listeners = this.#listeners.filter((one) => one !== own)
      this.#inContext = this.#inContext.filter((one) => one !== own)
    }
  }

  /** The current asynchronous context, to call listeners in later; undefined if no listener needs it. */
  capture(): AsyncResource | undefined {
    return this.#inContext.length > 0 ? new AsyncResource('MiyabiObserved') : undefined
  }

  /** @param context if it is not the current one. */
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

/** Options that every observer may set. */
export interface ObserverContext {
  /** Whether to call it in the asynchronous context of the caller, as a tracer needs. This has a small cost. */
  readonly inContext?: boolean
}

/** The hooks of an observer, by the names of its methods. */
export type Hooks<Observer> = {
  readonly [Name in keyof Omit<Required<Observer>, keyof ObserverContext>]: Hook<FactsOf<Required<Observer>[Name]>>
}
type FactsOf<Method> = Method extends (facts: infer Facts) => unknown ? Facts : never

/** Adds an observer to the hooks of each method that it has. Returns a function that removes it. */
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
