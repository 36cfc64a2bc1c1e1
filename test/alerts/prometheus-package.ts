import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { hasProgram } from '../matrix/fetch.js'
import { root } from '../workspace.js'

const run = promisify(execFile)
const CACHE = path.join(root, 'node_modules/.cache/prometheus')

/** Prometheus and its tool, as paths or as names on the PATH. */
export interface PrometheusPrograms {
  readonly prometheus: string
  readonly promtool: string
}

/**
 * Those of this machine, or of Debian's package, which is unpacked into `node_modules/.cache` once. Nothing is
 * installed, and no service is started.
 */
export async function prometheusPrograms(): Promise<PrometheusPrograms> {
  if (hasProgram('prometheus', '--version') && hasProgram('promtool', '--version')) {
    return { prometheus: 'prometheus', promtool: 'promtool' }
  }
  if (!existsSync(CACHE)) await unpack()
  const bin = path.join(CACHE, 'usr/bin')
  return { prometheus: path.join(bin, 'prometheus'), promtool: path.join(bin, 'promtool') }
}

async function unpack(): Promise<void> {
  if (!hasProgram('apt-get', '--version') || !hasProgram('dpkg', '--version')) {
    throw new Error('prometheus and promtool are not installed, and only apt-get and dpkg can fetch them: install both')
  }
  const part = `${CACHE}-${process.pid}`
  mkdirSync(part, { recursive: true })
  try {
    const download = () => run('apt-get', ['download', 'prometheus'], { cwd: part })
    // A fresh machine has no lists of packages yet; fetching them needs root.
    await download().catch(() => run('apt-get', ['update']).then(download))
    const [file] = readdirSync(part).filter((name) => name.endsWith('.deb'))
    if (file === undefined) throw new Error('apt-get downloaded no package')
    await run('dpkg', ['-x', path.join(part, file), part])
    if (!existsSync(CACHE)) renameSync(part, CACHE)
  } catch (error) {
    throw new Error('the package of Prometheus could not be fetched by `apt-get download prometheus`', { cause: error })
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
}
