import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { startTestRun, testVariables } from '@miyabi/testing'

const root = path.resolve(import.meta.dirname, '..')

/** Once for the whole run: the servers, and the template databases that every test file clones. */
export default async function setup(): Promise<() => Promise<void>> {
  if (!process.env[testVariables.directDatabaseUrl]) return async () => {} // until the embedded stack starts here
  const run = await startTestRun({ migrate })
  return () => run.close()
}

/** The migrations as a deployment would bring them in. */
async function migrate(directDatabaseUrl: string): Promise<void> {
  if (!existsSync(path.join(root, 'prisma.config.ts'))) return
  const migrations = path.join(root, 'prisma', 'migrations')
  if (!existsSync(migrations) || readdirSync(migrations).length === 0) return
  const prisma = spawn(path.join(root, 'node_modules', '.bin', 'prisma'), ['migrate', 'deploy'], {
    cwd: root,
    env: { ...process.env, DIRECT_DATABASE_URL: directDatabaseUrl },
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = new Promise<number | null>((resolve, reject) => prisma.once('error', reject).once('close', resolve))
  const [out, err, code] = await Promise.all([text(prisma.stdout), text(prisma.stderr), exit])
  if (code !== 0) throw new Error(`prisma migrate deploy ended with ${code} on the template database:\n${out}${err}`)
}
