import type { PrismaError } from '../errors/prisma-error.js'

/** The server's error for a statement that it refuses. A node-postgres `DatabaseError` is one. */
export interface ServerError {
  /** The SQLSTATE. */
  readonly code?: string | undefined
  readonly severity?: string | undefined
  readonly message: string
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  readonly column?: string | undefined
  /** Where in the script, in characters from 1. */
  readonly position?: string | undefined
}

/** A script that the server refused, kept because the engine's own response loses the SQLSTATE and the position. */
export interface ScriptFailure {
  readonly error: ServerError
  readonly script: string
}

/**
 * The request being served: why it failed, in more detail than the WebAssembly returns, and whether a signal asked it
 * to stop. One per engine process, because the engine serves one request at a time.
 */
export class Run {
  scriptFailure: ScriptFailure | undefined
  hostFailure: PrismaError | undefined
  private signal: NodeJS.Signals | undefined
  private readonly cancels = new Set<() => Promise<void>>()

  /** The method that is being served. */
  method = ''

  /** Begins a request: clears the failures of the last one. */
  begin(method: string): void {
    this.method = method
    this.scriptFailure = undefined
    this.hostFailure = undefined
  }

  /** The signal that asked to stop, if one did. */
  get interruptedBy(): NodeJS.Signals | undefined {
    return this.signal
  }

  /**
   * Runs work that a signal may cut short: `cancel` asks the server to stop it. Work that started before the signal and
   * is not guarded (the engine's bookkeeping) runs to its end, so that the history of migrations is always correct.
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

  /** Cancels what may be canceled now, and refuses what would start later. */
  async interrupt(signal: NodeJS.Signals): Promise<void> {
    this.signal = signal
    await Promise.allSettled([...this.cancels].map((cancel) => cancel()))
  }
}
