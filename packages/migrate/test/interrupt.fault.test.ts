import { databasesRunning, shadowDatabases, sql, until } from '@miyabi/testing'
import { describe, expect, it, vi } from 'vitest'
import { withClient } from '../src/connection/client.js'
import { startPrisma } from './support/cli.js'
import { tables, useDatabase } from './support/database.js'
import { createTestProject, DATASOURCE, type Project } from './support/project.js'

const database = useDatabase()

/**
 * Starts a command, waits until its slow statement runs, and presses Ctrl-C: the terminal signals the whole process
 * group.
 */
async function interrupt(project: Project, args: readonly string[], statement: string): Promise<string | undefined> {
  const running = startPrisma(project, args, { url: database.url })
  await until(async () => (await databasesRunning(database.url, statement)).length > 0)
  const [name] = await databasesRunning(database.url, statement)
  process.kill(-(running.child.pid ?? 0), 'SIGINT')
  const { exitCode } = await running.outcome // both outputs are closed: no process of the group is left
  expect(exitCode).not.toBe(0)
  return name
}

describe('Ctrl-C', () => {
  it('during migrate dev leaves no shadow database', async () => {
    const project = createTestProject({ 'main.prisma': DATASOURCE })
    project.addMigration('1_slow', 'SELECT pg_sleep(62);')
    const name = await interrupt(project, ['migrate', 'dev', '--name', 'x'], 'pg_sleep(62)')
    expect(name).toMatch(/^prisma_migrate_shadow_db_/)
    expect(await shadowDatabases(database.url)).not.toContain(name)
  })

  it('during migrate deploy rolls the migration back and marks it as failed', async () => {
    const project = createTestProject({ 'main.prisma': DATASOURCE })
    project.addMigration('1_slow', 'CREATE TABLE a (id int); SELECT pg_sleep(63);')
    await interrupt(project, ['migrate', 'deploy'], 'pg_sleep(63)')
    expect(await tables(database.url)).toEqual(['_prisma_migrations'])
    expect(await databasesRunning(database.url, 'pg_sleep(63)')).toEqual([])
    const rows = await sql(database.url, 'SELECT migration_name, finished_at FROM _prisma_migrations')
    expect(rows).toEqual([{ migration_name: '1_slow', finished_at: null }])
  })
})

describe('a connection with a signal', () => {
  it('begins no work where that aborts while it is opened', async () => {
    const stop = new AbortController()
    const work = vi.fn(async () => {})
    const used = withClient({ connectionString: database.url }, work, stop.signal)
    stop.abort(new Error('interrupted'))
    await expect(used).rejects.toThrow('interrupted')
    expect(work).not.toHaveBeenCalled()
  })
})
