import { addObserver, type Hooks, type ObserverContext } from './hook.js'

/** A call that begins. */
export interface CallStart {
  readonly store: 'postgresql' | 'aws.dynamodb'
  /** `plugin.findMany`, `transaction`, `events.append`. Of a limited number. */
  readonly operation: string
}

/** A call on its way, as one sees it who follows it from its beginning. */
export interface CallInProgress {
  /** Calls `work`, which does the call: what is set around it, all that the call does finds set. */
  run<T>(work: () => T): T
  /** It has ended. `code` is that of our errors. */
  end(error: { readonly code: string } | undefined): void
}

/** Begins to follow a call, in the asynchronous context of who asked. */
export type CallFollower = (start: CallStart) => CallInProgress | undefined

/**
 * Those who follow calls from their beginning, as a tracer does. With nobody following it costs a comparison: ask
 * `isFollowed` first. Whoever follows harms nobody: a call is made once, whatever they throw, which is told once each.
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

  /** Returns what ends it. */
  add(follower: CallFollower): () => void {
    this.#followers = [...this.#followers, follower]
    return () => {
      this.#followers = this.#followers.filter((one) => one !== follower)
    }
  }

  /** Makes a call. @param codeOf the code of what it fails with. */
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

/** An observer that may follow calls, too. */
export interface FollowingObserver extends ObserverContext {
  begin?(call: CallStart): CallInProgress | undefined
}

/** The hooks of an observer, and the calls that it may follow. */
export type HooksAndCalls<Observer extends FollowingObserver> = Hooks<Omit<Observer, 'begin'>> & {
  readonly calls: Calls
}

/** Adds an observer to the hooks of each method that it has, and to those who follow calls. Returns what ends it. */
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
