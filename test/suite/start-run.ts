import { runPrisma } from '@miyabi/migrate'
import { startTestRun, type TestRun } from '@miyabi/testing'
import { root } from '../workspace.js'

/** The servers of a run, and the template databases that every test file clones. */
export const startMigratedRun = (): Promise<TestRun> => startTestRun({ migrate })

/** The migrations as a deployment brings them in. */
async function migrate(directDatabaseUrl: string): Promise<void> {
  const env = { ...process.env, DIRECT_DATABASE_URL: directDatabaseUrl }
  const { exitCode, stdout, stderr } = await runPrisma(['migrate', 'deploy'], { cwd: root, env, stdio: 'pipe' })
  if (exitCode !== 0)
    throw new Error(`prisma migrate deploy ended with ${exitCode} on the template:\n${stdout}${stderr}`)
}
