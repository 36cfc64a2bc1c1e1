import { type ChildProcess, spawn } from 'node:child_process'
import { writePrivateFile } from '../shared/files.js'
import type { LogFile } from './log-file.js'
import type { RunAs } from './run-as.js'
import { hasExited, until } from './wait.js'

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

/**
 * Whether servers are started through setpriv, so that the kernel signals them when the supervisor dies, even by
 * kill -9. It is in util-linux, but not in every version, and only on Linux. Elsewhere the next start ends them
 * (`orphans.ts`).
 */
let usesSetpriv = process.platform === 'linux'

export interface ServerOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly runAs: RunAs | undefined
  /** For stdout and stderr: a file outlives the supervisor, a pipe would not. */
  readonly log: LogFile
  /** Receives its process id as soon as it is started. */
  readonly pidFile?: string
  /** The signal that the kernel sends it when the supervisor dies. */
  readonly deathSignal: 'INT' | 'TERM'
  readonly env?: Readonly<Record<string, string>>
}

/** A server that has been started. */
export interface Started {
  readonly child: ChildProcess
  /** What it did first; `silent`: none of the others in time. */
  readonly outcome: 'ready' | 'ended' | 'silent'
}

/**
 * Starts a server, and waits at most `ms` until it is ready. The first server that setpriv cannot start is started
 * without it, as are all later ones: trying it on its own would delay every start.
 * @throws the system's error if the command cannot be run.
 */
export async function startServer(
  options: ServerOptions,
  ms: number,
  isReady: (child: ChildProcess) => boolean | Promise<boolean>,
): Promise<Started> {
  const { log, pidFile } = options
  const throughSetpriv = usesSetpriv
  log.mark()
  const child = spawnServer(options, throughSetpriv)
  let spawnError: Error | undefined
  child.once('error', (error) => {
    spawnError = error
  })
  if (pidFile && child.pid) writePrivateFile(pidFile, String(child.pid))
  const hasEnded = (): boolean => spawnError !== undefined || hasExited(child)
  const inTime = await until(ms, async () => hasEnded() || (await isReady(child)))
  if (throughSetpriv && hasEnded() && (spawnError || /^setpriv: /m.test(log.tail()))) {
    usesSetpriv = false
    return startServer(options, ms, isReady)
  }
  if (spawnError) throw spawnError
  return { child, outcome: hasExited(child) ? 'ended' : inTime ? 'ready' : 'silent' }
}

/** setpriv replaces itself: the process id is the server's. */
function spawnServer(options: ServerOptions, throughSetpriv: boolean): ChildProcess {
  const { cwd, runAs, log, deathSignal } = options
  const own = [options.command, ...options.args]
  const [command = '', ...args] = throughSetpriv ? ['setpriv', '--pdeathsig', deathSignal, ...own] : own
  return spawn(command, args, {
    ...runAs,
    cwd,
    env: { ...serverEnvironment(), ...options.env },
    stdio: ['ignore', log.fd, log.fd],
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
