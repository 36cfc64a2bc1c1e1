import { type ChildProcess, spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** The executable. */
export const bin = fileURLToPath(new URL('../bin/miyabi.mjs', import.meta.url))
const root = fileURLToPath(new URL('../../..', import.meta.url))

export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts `miyabi` as a shell would, in the workspace, with no database in the environment and a stack folder of its own. */
export function start(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { readonly child: ChildProcess; readonly result: Promise<Result> } {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], MIYABI_STACK_DIR: folder, ...env },
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

/** Runs `miyabi` to its end. */
export function miyabi(
  folder: string,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<Result> {
  const { child, result } = start(folder, args, env)
  child.stdin?.end()
  return result
}
