import { randomBytes } from 'node:crypto'
import { createTestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { driftCheck } from '../../src/doctor/drift.js'
import { checkDatabase, type Drift, findDrift, readMigrations } from '../../src/index.js'
import { prisma } from '../support/cli.js'
import { changed, shadowDatabases, sql } from '../support/database.js'
import { createProject, DATASOURCE, type Project } from '../support/project.js'

const FIRST = `
  CREATE TABLE people (id int PRIMARY KEY, name text CONSTRAINT people_named CHECK (name <> ''));
  ALTER TABLE people ENABLE ROW LEVEL SECURITY;
  CREATE POLICY named ON people USING (name IS NOT NULL);
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
  CREATE TRIGGER touched BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE VIEW names AS SELECT name FROM people;`

let project: Project
let folder: string
let url: string

/** A new database of the server, with the first of two migrations. */
beforeAll(async () => {
  project = createProject({ 'main.prisma': DATASOURCE })
  project.addMigration('1_first', FIRST)
  const { directDatabaseUrl, drop, name } = await createTestDatabase({ empty: true })
  const own = `${name}_drift`
  await sql(directDatabaseUrl, `CREATE DATABASE ${own}`)
  url = changed(directDatabaseUrl, (copy) => {
    copy.pathname = `/${own}`
  })
  const deployed = await prisma(project, ['migrate', 'deploy'], { url })
  expect(deployed.exitCode, deployed.output).toBe(0)
  project.addMigration('2_second', 'CREATE TABLE later (id int)')
  folder = `${project.folder}/prisma/migrations`
  return async () => {
    await sql(directDatabaseUrl, `DROP DATABASE ${own}`)
    await drop()
  }
})
afterAll(() => project.remove())

/** How the database drifts after a change, which is taken back. */
async function driftAfter(change: string, back: string): Promise<Drift> {
  await sql(url, change)
  try {
    return await findDrift({ databaseUrl: url, migrations: readMigrations(folder) })
  } finally {
    await sql(url, back)
  }
}

describe('findDrift', () => {
  it('finds nothing in a database that its migrations made, and leaves nothing on the server', async () => {
    const before = await shadowDatabases(url)
    expect(await findDrift({ databaseUrl: url, migrations: readMigrations(folder) })).toEqual({
      applied: ['1_first'],
      pending: ['2_second'],
      differences: [],
    })
    expect((await shadowDatabases(url)).filter((name) => !before.includes(name))).toEqual([])
  })

  it.each([
    [
      'ALTER TABLE people DROP CONSTRAINT people_named',
      `ALTER TABLE people ADD CONSTRAINT people_named CHECK (name <> '')`,
      'missing',
      'constraint',
    ],
    [
      'ALTER TABLE people DISABLE ROW LEVEL SECURITY',
      'ALTER TABLE people ENABLE ROW LEVEL SECURITY',
      'missing',
      'row-level security',
    ],
    [
      'ALTER POLICY named ON people USING (true)',
      'ALTER POLICY named ON people USING (name IS NOT NULL)',
      'changed',
      'policy',
    ],
    ['GRANT SELECT ON people TO PUBLIC', 'REVOKE SELECT ON people FROM PUBLIC', 'unexpected', 'grant'],
    ['DROP VIEW names', 'CREATE VIEW names AS SELECT name FROM people', 'missing', 'view'],
    ['CREATE INDEX fast ON people (name)', 'DROP INDEX fast', 'unexpected', 'index'],
  ])('finds what Prisma does not see: %s', async (change, back, how, kind) => {
    const { differences } = await driftAfter(change, back)
    expect(differences).toContainEqual(expect.objectContaining({ change: how, kind }))
  })

  it('cannot tell where the database has migrations that the code does not know', async () => {
    await expect(findDrift({ databaseUrl: url, migrations: [] })).rejects.toMatchObject({ code: 'migrate.ahead' })
  })

  it('names a migration that cannot be run again', async () => {
    const [first] = readMigrations(folder)
    const edited = { ...first, up: 'CREATE TABLE people (id nonsense)' } as NonNullable<typeof first>
    await expect(findDrift({ databaseUrl: url, migrations: [edited] })).rejects.toMatchObject({
      code: 'migrate.replay_failed',
      message: expect.stringMatching(/1_first[\s\S]*nonsense/),
    })
  })

  it('says why it cannot tell where nobody answers', async () => {
    const nowhere = changed(url, (copy) => {
      copy.port = '1'
    })
    await expect(findDrift({ databaseUrl: nowhere, migrations: [] })).rejects.toMatchObject({
      message: expect.stringContaining("Can't reach database server"),
    })
  })
})

describe("doctor's look at drift", () => {
  it('puts together what goes with a table', async () => {
    const name = `extra_${randomBytes(4).toString('hex')}`
    await sql(url, `CREATE TABLE ${name} (id int PRIMARY KEY)`)
    const findings = await checkDatabase(driftCheck, { url, migrations: folder })
    await sql(url, `DROP TABLE ${name}`)
    expect(findings).toEqual([
      expect.objectContaining({
        check: 'drift.postgres',
        object: `public.${name}`,
        problem: expect.stringContaining('unexpected: table'),
      }),
    ])
  })
})
