import { MiyabiError } from '@miyabi/core'

/** The person at the terminal, or whoever manages the process, ended the command. */
export class InterruptedError extends MiyabiError<'cli.interrupted', { readonly signal: NodeJS.Signals }> {
  override readonly name = 'InterruptedError'

  constructor(signal: NodeJS.Signals) {
    super('cli.interrupted', `Interrupted by ${signal}: what had not been committed is taken back.`, {
      details: { signal },
    })
  }
}

/**
 * Does work that Ctrl-C, SIGTERM and SIGHUP end in order: they abort its signal, and it tidies up before the process
 * ends.
 * @throws {InterruptedError} `cli.interrupted`, where the work passes on its signal's reason
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
