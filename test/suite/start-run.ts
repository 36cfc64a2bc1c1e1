import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { readMigrations, schemaEnginePath } from '@miyabi/migrate'
import { startTestRun, type TestRun } from '@miyabi/testing'
import { root } from '../workspace.js'

/** The servers of a run, and the template databases that every test file clones. */
export const startMigratedRun = (): Promise<TestRun> => startTestRun({ migrate })

/**
 * The migrations as a deployment brings them in: by Prisma's engine, asked what `prisma migrate deploy` asks it.
 * Whether the command does so is tested elsewhere; it takes 2 s of processor time to load itself.
 */
async function migrate(directDatabaseUrl: string): Promise<void> {
  const folder = path.join(root, 'prisma/migrations')
  const migrationsList = {
    baseDir: folder,
    lockfile: {
      path: 'migration_lock.toml',
      content: readFileSync(path.join(folder, 'migration_lock.toml'), 'utf8'),
    },
    shadowDbInitScript: '',
    migrationDirectories: readMigrations(folder).map(({ name, up }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: up } },
    })),
  }
  const params = { migrationsList, filters: { externalTables: [], externalEnums: [] } }
  const datasource = JSON.stringify({ url: directDatabaseUrl })
  const engine = spawn(process.execPath, [schemaEnginePath, '--datasource', datasource], { stdio: 'pipe' })
  engine.stdin.end(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'applyMigrations', params })}\n`)
  const [answer, log] = await Promise.all([text(engine.stdout), text(engine.stderr)])
  if (!answer.includes('"appliedMigrationNames"'))
    throw new Error(`the migrations cannot be applied to the template:\n${answer}${log}`)
}
