import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'
import type { Environment } from '@miyabi/core'
import { engineEnvironment } from './engine-environment.js'
import { withLocalBinaries } from './local-binaries.js'
import { takeUrl } from './url-argument.js'

const require = createRequire(import.meta.url)

export interface RunPrismaOptions {
  /** Where `prisma.config.ts` is searched for. Default: the process's own working directory. */
  readonly cwd?: string
  /** The complete environment of the CLI. */
  readonly env: Environment
  /** `inherit` (default) shows what the CLI prints and lets it prompt; `pipe` captures it. */
  readonly stdio?: 'inherit' | 'pipe'
  /** Ends the CLI with SIGTERM; the result is returned once it has ended. */
  readonly signal?: AbortSignal
}

export interface PrismaResult {
  /** The CLI's own; 1 stands for any signal, unlike a shell's 128 plus the signal's number. */
  readonly exitCode: number
  /** What was printed; blank with `stdio: 'inherit'`. */
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs the Prisma CLI that this package depends on, without npx, in a separate process. The URL of a `--url` reaches it
 * through the environment, for which the project's configuration must come from `prismaConfig`.
 */
export async function runPrisma(args: readonly string[], options: RunPrismaOptions): Promise<PrismaResult> {
  const { cwd = process.cwd(), env, stdio = 'inherit', signal } = options
  signal?.throwIfAborted()
  const given = takeUrl(args)
  const child = spawn(process.execPath, [require.resolve('prisma/build/index.js'), ...given.args], {
    cwd,
    env: { ...withLocalBinaries(env, cwd), ...engineEnvironment(env), ...given.env },
    stdio: stdio === 'inherit' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  })
  // Not spawn's own `signal`: that rejects immediately, while the CLI is still cleaning up.
  const end = (): void => void child.kill('SIGTERM')
  signal?.addEventListener('abort', end, { once: true })
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  }).finally(() => signal?.removeEventListener('abort', end))
  const [exitCode, stdout, stderr] = await Promise.all([
    ended,
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
  ])
  return { exitCode, stdout, stderr }
}
