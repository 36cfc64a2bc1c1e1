import { MiyabiError } from '@miyabi/core'

/** The command was ended by its user or by a process manager. */
export class InterruptedError extends MiyabiError<'cli.interrupted', { readonly signal: NodeJS.Signals }> {
  override readonly name = 'InterruptedError'

  constructor(signal: NodeJS.Signals) {
    super('cli.interrupted', `Interrupted by ${signal}; what was not committed is rolled back.`, {
      details: { signal },
    })
  }
}

/**
 * Runs work that Ctrl-C, SIGTERM and SIGHUP end gracefully: they abort its signal, and it cleans up before the process
 * ends.
 * @throws {InterruptedError} `cli.interrupted`, if the work rethrows the reason of its signal.
 */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  const onSignal = (name: NodeJS.Signals): void => stop.abort(new InterruptedError(name))
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.on(name, onSignal)
  try {
    return await work(stop.signal)
  } finally {
    for (const name of signals) process.off(name, onSignal)
  }
}
