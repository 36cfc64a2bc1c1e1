import { setTimeout as delay } from 'node:timers/promises'
import type { ShadowDatabases } from '../scratch/shadow.js'
import type { Run } from '../script/run.js'
import type { RpcServer } from './rpc.js'

/** How long the server may take to roll back a canceled script. After that the closed connection does it. */
const ROLLBACK_MS = 10_000

/**
 * Ends the process on a signal with nothing half done: the running script is canceled (and so rolled back as a whole),
 * the engine finishes its bookkeeping and responds, and the shadow databases are dropped. Further signals change
 * nothing: Ctrl-C often arrives twice, from the terminal and from a wrapper that forwards it.
 *
 * The CLI sends SIGTERM after every command, right after it has closed our input; nothing is in progress then.
 */
export function stopOnSignals(server: RpcServer, run: Run, shadows: ShadowDatabases): void {
  let stopping = false
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    const { underWay } = server
    if (underWay) {
      const interrupting = run.interrupt(signal)
      await Promise.race([Promise.all([interrupting, underWay.done]), delay(ROLLBACK_MS)])
    }
    await shadows.dropAll()
    process.exit(underWay ? 1 : 0)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping) return
      stopping = true
      void stop(signal)
    })
  }
}
