import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { acquireStack, type Stack } from '@miyabi/local'
import type { Contender, Workload } from '../../harness/workload.js'

/** The time from the call until both embedded servers are healthy. */
export function stackWorkloads(folder: string): Workload[] {
  return [
    {
      name: 'embedded stack',
      about:
        'From `acquireStack()` until PostgreSQL and DynamoDB are healthy: a new temporary stack (cold, with the spare data copy that the previous stack left), and one that was stopped before (warm). Includes the supervising process.',
      concurrency: [1],
      single: true,
      contenders: [
        stackContender('cold', () => acquireStack({ temporary: true })),
        stackContender('warm', () => acquireStack({ folder })),
      ],
    },
  ]
}

function stackContender(name: string, acquire: () => Promise<Stack>): Contender {
  const started: Stack[] = []
  return {
    name,
    run: async () => void started.push(await acquire()),
    after: async () => void (await Promise.all(started.splice(0).map((stack) => stack.close()))),
  }
}

/** A folder for the stack that is restarted repeatedly; removed at the end. */
export async function warmFolder(): Promise<{ readonly folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(path.join(tmpdir(), 'miyabi-bench-'))
  await chmod(folder, 0o711) // as root the servers run as another user: one that may not enter sends the data to the cache
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}
