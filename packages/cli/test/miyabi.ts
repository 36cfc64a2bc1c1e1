import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import { runCli } from '../src/cli.js'

/** The executable. */
export const bin = fileURLToPath(new URL('../bin/miyabi.mjs', import.meta.url))
const root = fileURLToPath(new URL('../../..', import.meta.url))

export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What a process of its own finds in its environment. */
const environment = (folder: string, env: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
  MIYABI_STACK_DIR: folder,
  ...env,
})

/**
 * Starts `miyabi` as a shell would, in the workspace unless said otherwise, with no database in the environment and a
 * stack folder of its own.
 */
export function start(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = root,
): { readonly child: ChildProcess; readonly result: Promise<Result> } {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd,
    env: environment(folder, env),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const code = new Promise<number | null>((resolve) => child.once('close', resolve))
  const result = Promise.all([code, text(child.stdout), text(child.stderr)]).then(([code, stdout, stderr]) => ({
    code,
    stdout,
    stderr,
  }))
  return { child, result }
}

/** Runs `miyabi` to its end in a process of its own, for what a process has: its streams, its exit, what it loads. */
export function spawnMiyabi(
  folder: string,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<Result> {
  const { child, result } = start(folder, args, env)
  child.stdin?.end()
  return result
}

/**
 * Runs a command line to its end, with the environment and the folder that `start` gives. In this process, as one of
 * its own takes ten times as long to say the same; but for Prisma's, whose output is a child's.
 */
export function miyabi(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Result> {
  if (args[0] === 'prisma') return spawnMiyabi(folder, args, env)
  return inTurn(async () => {
    const { env: outer } = process
    const cwd = process.cwd()
    process.env = environment(folder, env)
    process.chdir(root)
    try {
      return await captured(args)
    } finally {
      process.env = outer
      process.chdir(cwd)
    }
  })
}

/** Runs a command line in this process as it is, for help and what is refused. */
export const inProcess = (args: readonly string[]): Promise<Result> => inTurn(() => captured(args))

let last: Promise<unknown> = Promise.resolve()

/** One at a time: a process has one environment and one standard output. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const result = last.then(work)
  last = result.catch(() => {})
  return result
}

async function captured(args: readonly string[]): Promise<Result> {
  const said = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      said[stream] += String(text)
      return true
    }),
  )
  try {
    return { code: await runCli(args), ...said }
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

/** A folder for an embedded stack of a test file's own, and its end. */
export function stackFolder(): { readonly folder: string; remove(): Promise<void> } {
  const parent = mkdtempSync(path.join(tmpdir(), 'miyabi-cli-'))
  chmodSync(parent, 0o711) // as root the servers run as another user, who must pass
  const folder = path.join(parent, 'stack')
  return {
    folder,
    async remove() {
      await miyabi(folder, ['down'])
      rmSync(parent, { recursive: true, force: true })
    },
  }
}

/** The migrator's URL of the embedded stack, which is up. */
export async function migratorUrl(folder: string): Promise<string> {
  const { stdout } = await miyabi(folder, ['status', '--json', '--show-passwords'])
  return (JSON.parse(stdout) as { readonly postgres: { readonly directDatabaseUrl: string } }).postgres
    .directDatabaseUrl
}
