import path from 'node:path'
import { deploy, shadowDatabases, sql } from '@miyabi/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { driftCheck } from '../../src/doctor/drift.js'
import { checkDatabase, type Drift, findDrift, type Migration } from '../../src/index.js'
import { changed } from '../support/database.js'
import { migrationsOf } from '../support/migrations.js'
import { servers } from '../support/servers.js'

const FIRST = `
  CREATE TABLE people (id int PRIMARY KEY, name text CONSTRAINT people_named CHECK (name <> ''));
  ALTER TABLE people ENABLE ROW LEVEL SECURITY;
  CREATE POLICY named ON people USING (name IS NOT NULL);
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
  CREATE TRIGGER touched BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE VIEW names AS SELECT name FROM people;`

/** Two migrations, of which the databases of this file have the first. */
const both = (): Migration[] =>
  migrationsOf({ '1_first': { up: FIRST }, '2_second': { up: 'CREATE TABLE later (id int)' } })

describe.each(Object.entries(servers))('findDrift, on %s', (major, start) => {
  let url: string
  beforeAll(async () => {
    const server = await start()
    const maintenance = await server.database()
    // Made as the scratch database is, without what this run's other databases are given.
    const name = `${new URL(maintenance).pathname.slice(1)}_drift`
    await sql(maintenance, `CREATE DATABASE ${name}`)
    url = changed(maintenance, (copy) => {
      copy.pathname = `/${name}`
    })
    return async () => {
      await sql(maintenance, `DROP DATABASE ${name}`)
      await server.close()
    }
  })

  it('finds nothing in a database that its migrations made, and leaves nothing on the server', async () => {
    const migrations = both()
    await deploy(url, migrations.slice(0, 1))
    expect(await findDrift({ databaseUrl: url, migrations })).toEqual({
      applied: ['1_first'],
      pending: ['2_second'],
      differences: [],
      accepted: [],
      unused: [],
    })
    if (major === 'PostgreSQL 15') expect(await shadowDatabases(url)).toEqual([]) // nobody else is there
  })

  it('lets pass what is agreed to, with its reason, and finds what is not', async () => {
    await sql(url, 'CREATE SCHEMA jobs; CREATE TABLE jobs.job (id int PRIMARY KEY); CREATE TABLE stray ()')
    const acceptances = [
      { line: 1, kind: 'schema', name: 'jobs', reason: 'the scheduler keeps its own' },
      { line: 2, kind: 'extension', name: 'gone', reason: 'was there once' },
    ] as const
    const { differences, accepted, unused } = await findDrift({ databaseUrl: url, migrations: both(), acceptances })
    expect(differences.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['table public.stray'])
    expect(accepted.map(({ kind, name }) => `${kind} ${name}`)).toEqual(
      expect.arrayContaining(['schema jobs', 'table jobs.job', 'column jobs.job.id']),
    )
    expect(new Set(accepted.map(({ reason }) => reason))).toEqual(new Set(['the scheduler keeps its own']))
    expect(unused).toEqual([acceptances[1]])
    await sql(url, 'DROP SCHEMA jobs CASCADE; DROP TABLE stray')
  })

  it('finds what Prisma does not see', async () => {
    const changes = [
      [
        'ALTER TABLE people DROP CONSTRAINT people_named',
        `ALTER TABLE people ADD CONSTRAINT people_named CHECK (name <> '')`,
        'missing constraint people_named on public.people',
      ],
      [
        'ALTER TABLE people DISABLE ROW LEVEL SECURITY',
        'ALTER TABLE people ENABLE ROW LEVEL SECURITY',
        'missing row-level security on public.people',
      ],
      [
        'ALTER POLICY named ON people USING (true)',
        'ALTER POLICY named ON people USING (name IS NOT NULL)',
        'changed policy named on public.people',
      ],
      [
        'GRANT SELECT ON people TO PUBLIC',
        'REVOKE SELECT ON people FROM PUBLIC',
        'unexpected grant SELECT on table public.people to PUBLIC',
      ],
      ['DROP VIEW names', 'CREATE VIEW names AS SELECT name FROM people', 'missing view public.names'],
      ['CREATE INDEX fast ON people (name)', 'DROP INDEX fast', 'unexpected index public.fast'],
    ] as const
    for (const [change] of changes) await sql(url, change)
    const { differences }: Drift = await findDrift({ databaseUrl: url, migrations: both() })
    for (const [, back] of changes) await sql(url, back)
    const found = differences.map(({ change, kind, name }) => `${change} ${kind} ${name}`)
    expect(found.sort()).toEqual(changes.map(([, , difference]) => difference).sort())
  })

  it('cannot tell where the database has migrations that the code does not know', async () => {
    await expect(findDrift({ databaseUrl: url, migrations: [] })).rejects.toMatchObject({ code: 'migrate.ahead' })
  })

  it('names a migration that cannot be run again', async () => {
    const migrations = migrationsOf({ '1_first': { up: 'CREATE TABLE people (id nonsense)' } })
    await expect(findDrift({ databaseUrl: url, migrations })).rejects.toMatchObject({
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

  it('gives doctor one finding for a table and what goes with it', async () => {
    const [first] = both()
    await sql(url, 'CREATE TABLE extra (id int PRIMARY KEY)')
    const findings = await checkDatabase(driftCheck, { database: url, migrations: path.dirname(first?.folder ?? '') })
    await sql(url, 'DROP TABLE extra')
    expect(findings).toEqual([
      expect.objectContaining({
        check: 'drift.postgres',
        object: 'public.extra',
        problem: expect.stringContaining('unexpected: table'),
      }),
    ])
  })
})
