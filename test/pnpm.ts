import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { readManifest, root } from './workspace.js'

/** Runs pnpm as the person who runs the tests has it: what npx finds or fetches of the pinned version. */
export async function pnpm(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await promisify(execFile)('npx', ['-y', String(readManifest('.').packageManager), ...args], {
    cwd,
    env: { ...process.env, ...env },
    shell: process.platform === 'win32',
    maxBuffer: 2 ** 26,
  })
  return stdout.trim()
}

/**
 * The store that this workspace was installed from, as pnpm reads it from the environment. One on the disk of another
 * folder might be empty.
 */
export async function storeVariables(): Promise<{ readonly pnpm_config_store_dir: string }> {
  return { pnpm_config_store_dir: path.dirname(await pnpm(['store', 'path'], root)) }
}
