import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { PoolClosed, PoolStats } from '../../src/index.js'

/** What the process under load tells. */
export interface LoadStatus {
  readonly stats: PoolStats
  /** When the worker that is worst off last succeeded, by `Date.now()`; 0 where one never did. */
  readonly oldestSuccessAt: number
  readonly written: number
}

export interface LoadResult extends LoadStatus {
  /** The rows whose writing was acknowledged. */
  readonly acknowledged: readonly number[]
  /** Failed writes by error code. */
  readonly failures: Readonly<Record<string, number>>
  /** What reached nobody: unhandled rejections, uncaught exceptions. */
  readonly escaped: readonly string[]
  /** Events that the pool logged. */
  readonly logged: readonly string[]
}

/** A process whose workers write into the table `written` without end. */
export interface Load {
  status(): Promise<LoadStatus>
  /** Lets the writes in flight end. */
  stop(): Promise<LoadResult>
  /** Closes the pool; resolves with the exit code once the process has ended by itself. */
  close(): Promise<{ readonly closed: PoolClosed; readonly exitCode: number | null }>
}

export async function startLoad(url: string, workers: number): Promise<Load> {
  const child = fork(path.join(import.meta.dirname, 'load-worker.mjs'), { execArgv: [] })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const ask = async <T>(message: object): Promise<T> => {
    const ended = exited.then(([code]) => {
      throw new Error(`the process under load ended with ${code}`)
    })
    const answer = once(child, 'message').then(([received]) => received as T)
    child.send(message)
    return await Promise.race([answer, ended])
  }
  await ask({ type: 'start', url, count: workers })
  return {
    status: () => ask({ type: 'status', count: workers }),
    stop: () => ask({ type: 'stop', count: workers }),
    async close() {
      const { closed } = await ask<{ closed: PoolClosed }>({ type: 'close' })
      const [exitCode] = await exited
      return { closed, exitCode }
    },
  }
}
