import { spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import path from 'node:path'
import { readManifest, root } from '../workspace.js'

/** A copy of the repository as a newcomer has it, with what is not committed yet, installed and built. */
export interface Scratch {
  /** Runs a command line as the page says it. @throws where it fails, with all that it said. */
  run(command: string): void
}

/** Makes the copy at `folder`. It takes a minute or two. */
export function scratchClone(folder: string): Scratch {
  const git = (...args: readonly string[]) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout
  for (const name of git('ls-files', '-co', '--exclude-standard').trim().split('\n')) {
    cpSync(path.join(root, name), path.join(folder, name), { recursive: true })
  }
  spawnSync('git init -q && git add -A', { cwd: folder, shell: true })
  const { packageManager } = readManifest('.')
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(VITEST|MIYABI|NODE_ENV|TEST|.*DATABASE_URL|DYNAMODB)/.test(name),
    ),
  )
  const run = (command: string): void => {
    const line = command.replace(/^pnpm /, `npx -y ${packageManager} `)
    const { status, stdout, stderr } = spawnSync(line, { cwd: folder, env, shell: true, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${command}\n${stdout}${stderr}`)
  }
  run('pnpm install --frozen-lockfile --prefer-offline')
  return { run }
}
