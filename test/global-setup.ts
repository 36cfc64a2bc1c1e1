import path from 'node:path'
import { runPrisma } from '@miyabi/migrate'
import { startTestRun } from '@miyabi/testing'

const root = path.resolve(import.meta.dirname, '..')

/** Once for the whole run: the servers, and the template databases that every test file clones. */
export default async function setup(): Promise<() => Promise<void>> {
  const run = await startTestRun({ migrate })
  return () => run.close()
}

/** The migrations as a deployment brings them in. */
async function migrate(directDatabaseUrl: string): Promise<void> {
  const env = { ...process.env, DIRECT_DATABASE_URL: directDatabaseUrl }
  const { exitCode, stdout, stderr } = await runPrisma(['migrate', 'deploy'], { cwd: root, env, stdio: 'pipe' })
  if (exitCode !== 0)
    throw new Error(`prisma migrate deploy ended with ${exitCode} on the template:\n${stdout}${stderr}`)
}
