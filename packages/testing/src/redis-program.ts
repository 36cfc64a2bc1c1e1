import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CACHE = path.resolve(import.meta.dirname, '../../../node_modules/.cache/redis')
const hasProgram = (name: string): boolean => spawnSync(name, ['--version']).error === undefined

/** How redis-server is run. */
export interface RedisProgram {
  readonly command: string
  readonly env: NodeJS.ProcessEnv
}

/**
 * That of this machine, or of Debian's packages, which are unpacked into `node_modules/.cache` once. Nothing is
 * installed, and no service is started.
 */
export async function redisProgram(): Promise<RedisProgram> {
  if (hasProgram('redis-server')) return { command: 'redis-server', env: process.env }
  if (!existsSync(CACHE)) await unpack()
  const libraries = path.join(CACHE, 'usr/lib')
  const folders = [libraries, ...readdirSync(libraries).map((name) => path.join(libraries, name))]
  return {
    command: path.join(CACHE, 'usr/bin/redis-server'),
    env: { ...process.env, LD_LIBRARY_PATH: folders.join(':') },
  }
}

async function unpack(): Promise<void> {
  if (!hasProgram('apt-get') || !hasProgram('dpkg')) {
    throw new Error('redis-server is not installed, and only apt-get and dpkg can fetch it: install it')
  }
  const part = `${CACHE}-${process.pid}`
  mkdirSync(part, { recursive: true })
  try {
    const packages = ['redis-tools', 'liblzf1', 'libjemalloc2']
    const download = () => run('apt-get', ['download', ...packages], { cwd: part })
    // A fresh machine has no lists of packages yet; fetching them needs root.
    await download().catch(() => run('apt-get', ['update']).then(download))
    // The program lies in redis-tools, under another name.
    await run('apt-get', ['download', 'redis-server'], { cwd: part })
    for (const file of readdirSync(part).filter((name) => name.endsWith('.deb')))
      await run('dpkg', ['-x', file, '.'], { cwd: part })
    if (!existsSync(CACHE)) renameSync(part, CACHE)
  } catch (error) {
    throw new Error('the packages of Redis could not be fetched by `apt-get download`', { cause: error })
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
}
