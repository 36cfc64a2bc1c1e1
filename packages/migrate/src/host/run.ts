import type { DatabaseError } from 'pg'
import type { PrismaError } from './prisma-error.js'

/** A script the server refused, kept because the engine's own answer loses the SQLSTATE and the position. */
export interface ScriptFailure {
  readonly error: DatabaseError
  readonly script: string
}

/**
 * The request being served: why it failed, in more detail than comes back out of the WebAssembly, and whether a signal asks to
 * stop. One per engine process, because the engine serves one request at a time.
 */
export class Run {
  scriptFailure: ScriptFailure | undefined
  hostFailure: PrismaError | undefined
  private signal: NodeJS.Signals | undefined
  private readonly cancels = new Set<() => Promise<void>>()

  /** Forgets the last request's failures. */
  begin(): void {
    this.scriptFailure = undefined
    this.hostFailure = undefined
  }

  /** The signal that asked to stop, if one did. */
  get interruptedBy(): NodeJS.Signals | undefined {
    return this.signal
  }

  /**
   * Runs work that a signal may cut short: `cancel` asks the server to stop it. Work that began before the signal and is not
   * guarded (the engine's bookkeeping) runs to its end, so that the history of migrations is never left behind the truth.
   */
  async interruptible<T>(cancel: () => Promise<void>, work: () => Promise<T>): Promise<T> {
    if (this.signal) throw new Error(`Interrupted by ${this.signal}`)
    this.cancels.add(cancel)
    try {
      return await work()
    } finally {
      this.cancels.delete(cancel)
    }
  }

  /** Cancels what may be cancelled now, and refuses what would begin later. */
  async interrupt(signal: NodeJS.Signals): Promise<void> {
    this.signal = signal
    await Promise.allSettled([...this.cancels].map((cancel) => cancel()))
  }
}
