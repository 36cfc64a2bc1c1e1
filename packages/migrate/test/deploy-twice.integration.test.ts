import { sql } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { prisma } from './support/cli.js'
import { useDatabase } from './support/database.js'
import { createTestProject, DATASOURCE } from './support/project.js'

const database = useDatabase()

describe('two concurrent deploys', () => {
  // The server would take a session that waits in it for a transaction whose end the index has to wait for.
  it('take turns, also where the one at work makes an index concurrently, and the other finds nothing left to do', async () => {
    const project = createTestProject({ 'main.prisma': DATASOURCE })
    project.addMigration('1_slow', 'CREATE TABLE a (id int); SELECT pg_sleep(3);')
    project.addMigration('2_index', '-- @limits lock_timeout=1min\nCREATE INDEX CONCURRENTLY a_id ON a (id);\n')
    const deploy = () => prisma(project, ['migrate', 'deploy'], { url: database.url })
    const outcomes = await Promise.all([deploy(), deploy()])
    expect(outcomes.map(({ exitCode, output }) => (exitCode === 0 ? 0 : output))).toEqual([0, 0])
    const outputs = outcomes.map(({ output }) => output)
    expect(outputs.filter((output) => output.includes('All migrations have been successfully applied'))).toHaveLength(1)
    expect(outputs.filter((output) => output.includes('No pending migrations to apply'))).toHaveLength(1)
    expect(await sql(database.url, 'SELECT migration_name FROM _prisma_migrations')).toHaveLength(2)
    expect(
      await sql(database.url, 'SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = $1::regclass', ['a_id']),
    ).toEqual([{ valid: true }])
  })
})
