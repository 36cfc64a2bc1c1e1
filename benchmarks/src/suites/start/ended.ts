import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { MiyabiError } from '@miyabi/core'

/** Resolves when a measured program ends; rejects if it failed. */
export async function ended(child: ChildProcess): Promise<void> {
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new MiyabiError('benchmarks.program_failed', `a measured program ended with ${code}`)
}
