import { addObserver, type Hooks, type ObserverContext } from './hook.js'

/** A call that is starting. */
export interface CallStart {
  readonly store: 'postgresql' | 'aws.dynamodb'
  /** `plugin.findMany`, `transaction`, `events.append`. One of a limited set of names. */
  readonly operation: string
}

/** A call in progress, as seen by an observer that follows it from its start. */
export interface CallInProgress {
  /** Runs `work`, which performs the call, so that it inherits any context that is set around it. */
  run<T>(work: () => T): T
  /** Called when the call ended. `code` is the code of our error. */
  end(error: { readonly code: string } | undefined): void
}

/** Starts following a call, in the asynchronous context of the caller. */
export type CallFollower = (start: CallStart) => CallInProgress | undefined

/**
 * The observers that follow calls from their start, as a tracer does. Without any, it costs one comparison: check
 * `isFollowed` first. An observer cannot affect a call: the call runs once, whatever they throw, and each failure is
 * reported once.
 */
export class Calls {
  readonly #onFailed: (error: unknown) => void
  readonly #failed = new WeakSet<CallFollower>()
  #followers: readonly CallFollower[] = []

  constructor(onFailed: (error: unknown) => void) {
    this.#onFailed = onFailed
  }

  get isFollowed(): boolean {
    return this.#followers.length > 0
  }

  /** Returns a function that removes the observer. */
  add(follower: CallFollower): () => void {
    this.#followers = [...this.#followers, follower]
    return () => {
      this.#followers = this.#followers.filter((one) => one !== follower)
    }
  }

  /** Performs a call. @param codeOf returns the code of its error. */
  run<T>(start: CallStart, work: () => Promise<T>, codeOf: (error: unknown) => string): Promise<T> {
    let call = work
    const ends: ((error: { readonly code: string } | undefined) => void)[] = []
    for (const follower of this.#followers) {
      const guarded = <R>(step: () => R): R | undefined => this.#guarded(follower, step)
      const progress = guarded(() => follower(start))
      if (!progress) continue
      const inner = call
      call = () => {
        let made: Promise<T> | undefined
        const once = (): Promise<T> => {
          made ??= inner()
          return made
        }
        guarded(() => progress.run(once))
        return once()
      }
      ends.push((error) => guarded(() => progress.end(error)))
    }
    const made = call()
    made.then(
      () => {
        for (const end of ends) end(undefined)
      },
      (error: unknown) => {
        const code = codeOf(error)
        for (const end of ends) end({ code })
      },
    )
    return made
  }

  #guarded<R>(follower: CallFollower, step: () => R): R | undefined {
    try {
      return step()
    } catch (error) {
      if (this.#failed.has(follower)) return undefined
      this.#failed.add(follower)
      this.#onFailed(error)
      return undefined
    }
  }
}

/** An observer that may also follow calls. */
export interface FollowingObserver extends ObserverContext {
  begin?(call: CallStart): CallInProgress | undefined
}

/** The hooks of an observer, and the calls that it may follow. */
export type HooksAndCalls<Observer extends FollowingObserver> = Hooks<Omit<Observer, 'begin'>> & {
  readonly calls: Calls
}

/**
 * Adds an observer to the hooks of each method that it has, and to the followers of calls. Returns a function that
 * removes it.
 */
export function addFollowingObserver<Observer extends FollowingObserver>(
  { calls, ...hooks }: HooksAndCalls<Observer>,
  observer: Observer,
): () => void {
  const end = addObserver(hooks as unknown as Hooks<Omit<Observer, 'begin'>>, observer)
  const stop = observer.begin && calls.add((call) => observer.begin?.(call))
  return () => {
    end()
    stop?.()
  }
}
