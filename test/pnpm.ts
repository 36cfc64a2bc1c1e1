import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { readManifest, root } from './workspace.js'

const { packageManager = '' } = readManifest('.')

/**
 * Runs pnpm as the person who runs the tests has it: the one that runs them, if it is of the pinned version, or what
 * npx finds or fetches, which takes seconds to load itself.
 */
export async function pnpm(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { npm_execpath: own, npm_config_user_agent: agent = '' } = process.env
  const isOwn = own !== undefined && agent.startsWith(`${packageManager.replace('@', '/')} `)
  const [program, first] = isOwn ? [own, []] : ['npx', ['-y', packageManager]]
  const { stdout } = await promisify(execFile)(program, [...first, ...args], {
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
