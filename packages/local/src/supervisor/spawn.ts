import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import type { RunAs } from './run-as.js'

/**
 * The environment variables that a server inherits: no secret, and none (PGDATA, PGPORT ...) that would change its
 * behavior.
 */
function serverEnvironment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'SystemRoot', 'SYSTEMROOT', 'TEMP', 'TMP', 'TMPDIR'] as const
  const env: NodeJS.ProcessEnv = { LC_ALL: 'C', TZ: 'UTC' }
  for (const name of kept) if (process.env[name] !== undefined) env[name] = process.env[name]
  return env
}

let deathSignal: Promise<boolean> | undefined

/**
 * Whether the kernel can signal a server when the supervisor dies, even by kill -9: on Linux, if util-linux is
 * installed. Elsewhere the next start ends it (`orphans.ts`). It is tried once; call it early.
 */
export function deathSignalWorks(): Promise<boolean> {
  deathSignal ??= process.platform === 'linux' ? tryDeathSignal() : Promise.resolve(false)
  return deathSignal
}

const tryDeathSignal = (): Promise<boolean> =>
  promisify(execFile)('setpriv', ['--pdeathsig', 'TERM', 'true'], { timeout: 2_000 }).then(
    () => true,
    () => false,
  )

export interface SpawnOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly runAs: RunAs | undefined
  /** An open file for stdout and stderr: it outlives the supervisor, a pipe would not. */
  readonly log: number
  /** The signal that the kernel sends it when the supervisor dies; only if `deathSignalWorks`. */
  readonly deathSignal: 'INT' | 'TERM' | undefined
  readonly env?: Readonly<Record<string, string>>
}

/** Starts a server. The program that sets the death signal replaces itself: the process id is the server's. */
export function spawnServer(options: SpawnOptions): ChildProcess {
  const { cwd, runAs, log, deathSignal } = options
  const own = [options.command, ...options.args]
  const [command = '', ...args] = deathSignal ? ['setpriv', '--pdeathsig', deathSignal, ...own] : own
  return spawn(command, args, {
    ...runAs,
    cwd,
    env: { ...serverEnvironment(), ...options.env },
    stdio: ['ignore', log, log],
    windowsHide: true,
  })
}

/** Runs one of PostgreSQL's programs to completion; resolves with its exit code and output. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly runAs: RunAs | undefined; readonly input?: string },
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...options.runAs,
      cwd: options.cwd,
      env: serverEnvironment(),
      windowsHide: true,
    })
    let output = ''
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-16_384)
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
    child.stdin.on('error', () => {}) // the program ended before it read its input: its output says why
    child.stdin.end(options.input)
  })
}
