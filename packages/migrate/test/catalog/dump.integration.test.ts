import { readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMigrations } from '../../src/history/folder.js'
import { createHistory } from '../../src/history/history.js'
import { CATALOG_KINDS, type CatalogDifference, type CatalogEntry, catalogDump, diffCatalogs } from '../../src/index.js'
import { runScript } from '../../src/script/run-script.js'
import { type Server, servers } from '../support/servers.js'

const everything = readFileSync(path.join(import.meta.dirname, 'everything.sql'), 'utf8')
const ours = readMigrations(path.resolve(import.meta.dirname, '../../../../prisma/migrations'))

/**
 * A change made behind the migrations' back, and what the dump must say about it, by name. In this order on one
 * database.
 */
const CHANGES: readonly (readonly [change: string, ...found: string[]])[] = [
  ['ALTER TABLE people NO FORCE ROW LEVEL SECURITY', 'changed row-level security on public.people'],
  ['ALTER TABLE people DISABLE ROW LEVEL SECURITY', 'missing row-level security on public.people'],
  ['ALTER POLICY people_read ON people USING (true)', 'changed policy people_read on public.people'],
  [
    'DROP POLICY people_read ON people',
    'missing policy people_read on public.people',
    'missing comment on policy people_read on public.people',
  ],
  ['GRANT INSERT ON people TO PUBLIC', 'unexpected grant INSERT on table public.people to PUBLIC'],
  ['REVOKE SELECT ON posts FROM PUBLIC', 'missing grant SELECT on table public.posts to PUBLIC'],
  ['REVOKE UPDATE (title) ON posts FROM PUBLIC', 'missing grant UPDATE on column public.posts.title to PUBLIC'],
  ['REVOKE USAGE ON SCHEMA audit FROM PUBLIC', 'missing grant USAGE on schema audit to PUBLIC'],
  ['GRANT EXECUTE ON FUNCTION twice TO PUBLIC', 'unexpected grant EXECUTE on function public.twice(integer) to PUBLIC'],
  ['GRANT DELETE ON posts TO CURRENT_USER', 'missing grant DELETE on table public.posts taken from its owner'],
  [
    'ALTER DEFAULT PRIVILEGES IN SCHEMA audit REVOKE SELECT ON TABLES FROM PUBLIC',
    'missing default privilege SELECT on new tables in audit of CURRENT_USER to PUBLIC',
  ],
  ['ALTER TABLE people ALTER email DROP NOT NULL', 'changed column public.people.email'],
  ['ALTER TABLE people ALTER email DROP DEFAULT', 'changed column public.people.email'],
  ['ALTER TABLE people ALTER upper DROP EXPRESSION', 'changed column public.people.upper'],
  ['ALTER TABLE people ALTER name SET STATISTICS 500', 'changed column public.people.name'],
  ['ALTER TABLE people ALTER name SET COMPRESSION pglz', 'changed column public.people.name'],
  ['ALTER TABLE people ALTER name TYPE varchar(50)', 'changed column public.people.name'],
  [
    'ALTER TABLE people ALTER id DROP IDENTITY',
    'missing sequence public.people_id_seq',
    'changed column public.people.id',
  ],
  ['ALTER TABLE people DROP upper', 'missing column public.people.upper'],
  ['ALTER TABLE people DROP CONSTRAINT people_age_positive', 'missing constraint people_age_positive on public.people'],
  ['ALTER TABLE posts DROP CONSTRAINT posts_author_fkey', 'missing constraint posts_author_fkey on public.posts'],
  [
    'ALTER TABLE posts ADD CONSTRAINT title_short CHECK (length(title) < 9) NOT VALID',
    'unexpected constraint title_short on public.posts',
  ],
  ['ALTER TABLE posts VALIDATE CONSTRAINT title_short', 'changed constraint title_short on public.posts'],
  ['DROP INDEX people_age', 'missing index public.people_age'],
  ['DROP STATISTICS people_stats', 'missing statistics public.people_stats'],
  ['ALTER TABLE people DISABLE TRIGGER people_touch', 'changed trigger people_touch on public.people'],
  ['DROP TRIGGER people_touch ON people', 'missing trigger people_touch on public.people'],
  ['ALTER TABLE posts DISABLE RULE posts_keep', 'changed rule posts_keep on public.posts'],
  ['DROP RULE posts_keep ON posts', 'missing rule posts_keep on public.posts'],
  ['ALTER FUNCTION touch() RESET search_path', 'changed function public.touch()'],
  [
    'DROP FUNCTION touch',
    'missing function public.touch()',
    'missing grant EXECUTE on function public.touch() to PUBLIC',
  ],
  [
    'DROP AGGREGATE total(int)',
    'missing function public.total(integer)',
    'missing grant EXECUTE on function public.total(integer) to PUBLIC',
  ],
  ['ALTER VIEW adults RESET (security_invoker)', 'changed view public.adults'],
  ['DROP VIEW adults', 'missing view public.adults'],
  ['DROP MATERIALIZED VIEW ages', 'missing view public.ages'],
  [`ALTER TYPE mood ADD VALUE 'sad'`, 'changed type public.mood'],
  ['ALTER TABLE people DROP mood', 'missing column public.people.mood'],
  ['DROP TYPE mood', 'missing type public.mood', 'missing grant USAGE on type public.mood to PUBLIC'],
  ['ALTER DOMAIN slug DROP CONSTRAINT slug_form', 'missing constraint slug_form on public.slug'],
  ['ALTER SEQUENCE numbers CACHE 10', 'changed sequence public.numbers'],
  ['DROP SEQUENCE numbers', 'missing sequence public.numbers'],
  ['COMMENT ON COLUMN people.age IS NULL', 'missing comment on table column public.people.age'],
  [`COMMENT ON TABLE people IS 'Nobody.'`, 'changed comment on table public.people'],
  ['ALTER TABLE people DROP email', 'missing column public.people.email'],
  ['DROP EXTENSION citext', 'missing extension citext'],
  ['ALTER TABLE events DETACH PARTITION events_2026', 'changed table public.events_2026'],
  ['ALTER TABLE posts SET UNLOGGED', 'changed table public.posts'],
  ['DROP TABLE audit.entries', 'missing table audit.entries', 'missing column audit.entries.id'],
  ['DROP SCHEMA audit', 'missing schema audit'],
]

/**
 * What docs/MIGRATIONS.md says is not compared, in its words, and a change of each that nothing may be said of; what no
 * statement of an ordinary login changes stands without one.
 */
const NOT_COMPARED: readonly (readonly [words: string, changes: readonly string[]])[] = [
  ['roles, which belong to the server', []],
  ['grants on the database', ['GRANT CONNECT ON DATABASE %I TO PUBLIC', 'REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC']],
  [
    'what `ALTER DATABASE` and `ALTER ROLE` set for it',
    [`ALTER DATABASE %I SET work_mem = '5MB'`, `ALTER ROLE CURRENT_USER IN DATABASE %I SET work_mem = '6MB'`],
  ],
  ['the order of columns', ['ALTER TABLE audit.entries DROP COLUMN id, ADD COLUMN id int']],
  ['versions of extensions', []],
  ['operators', ['CREATE OPERATOR public.=== (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int)']],
  ['casts', ['CREATE CAST (slug AS posts) WITH INOUT']],
  ['collations', [`CREATE COLLATION public.ordered (provider = icu, locale = 'und')`]],
  ['text search', ['CREATE TEXT SEARCH CONFIGURATION public.plain (COPY = pg_catalog.simple)']],
  ['publications', ['CREATE PUBLICATION everywhere FOR TABLE posts']],
  ['foreign servers', []],
]

const named = ({ change, kind, name }: CatalogDifference): string => `${change} ${kind} ${name}`

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url)
  await client.connect()
  return work(client).finally(() => client.end())
}

/** What default privileges gave the login of a test's application belongs to the server, not to the migrations. */
const dumpOf = async (client: pg.Client): Promise<CatalogEntry[]> =>
  (await catalogDump(client)).filter(
    ({ kind, name }) =>
      !name.includes('miyabi_app') && !(kind === 'default privilege' && name.includes(' to CURRENT_USER')),
  )

const dumps: CatalogEntry[][] = []

describe.each(Object.keys(servers) as (keyof typeof servers)[])('the catalog dump on %s', (name) => {
  let server: Server
  beforeAll(async () => {
    server = await servers[name]()
  })
  afterAll(() => server.close())

  it('sees every kind of thing, and finds by name each that changes or goes', async () => {
    await withClient(await server.database(), async (client) => {
      await client.query(everything)
      const start = await dumpOf(client)
      expect([...new Set(start.map(({ kind }) => kind))]).toEqual(
        CATALOG_KINDS.filter((kind) => kind !== 'event trigger'), // only a superuser may make one
      )
      let before = start
      for (const [change, ...expected] of CHANGES) {
        await client.query(change)
        const after = await dumpOf(client)
        expect(diffCatalogs(before, after).map(named), change).toEqual(expected)
        before = after
      }
    })
  })

  it('sees the name of a NOT NULL, where the server has names for them, and that it is not proven', async () => {
    await withClient(await server.database(), async (client) => {
      await client.query('CREATE TABLE boxes (size int NOT NULL, color text)')
      const changes: readonly (readonly [change: string, ...found: string[]])[] =
        name === 'PostgreSQL 15'
          ? [['ALTER TABLE boxes ALTER color SET NOT NULL', 'changed column public.boxes.color']]
          : [
              [
                'ALTER TABLE boxes RENAME CONSTRAINT boxes_size_not_null TO sized',
                'unexpected constraint sized on public.boxes',
              ],
              [
                'ALTER TABLE boxes RENAME CONSTRAINT sized TO measured',
                'missing constraint sized on public.boxes',
                'unexpected constraint measured on public.boxes',
              ],
              [
                'ALTER TABLE boxes RENAME CONSTRAINT measured TO boxes_size_not_null',
                'missing constraint measured on public.boxes',
              ],
              [
                'ALTER TABLE boxes ADD CONSTRAINT boxes_color_not_null NOT NULL color NOT VALID',
                'unexpected constraint boxes_color_not_null on public.boxes',
                'changed column public.boxes.color',
              ],
              [
                'ALTER TABLE boxes VALIDATE CONSTRAINT boxes_color_not_null',
                'missing constraint boxes_color_not_null on public.boxes',
              ],
              ['ALTER TABLE boxes ALTER color DROP NOT NULL', 'changed column public.boxes.color'],
            ]
      let before = await dumpOf(client)
      for (const [change, ...expected] of changes) {
        await client.query(change)
        const after = await dumpOf(client)
        expect(diffCatalogs(before, after).map(named).sort(), change).toEqual(expected.toSorted())
        before = after
      }
    })
  })

  it('says nothing of what the documentation says is not compared', async () => {
    const page = readFileSync(path.resolve(import.meta.dirname, '../../../../docs/MIGRATIONS.md'), 'utf8')
    const [, list = ''] = /^Not in it: ([\s\S]*?)\. Rows are/m.exec(page) ?? []
    const words = list.replaceAll('\n', ' ').split(/[;,] (?:and )?/)
    expect(words.join(', ')).toBe(
      NOT_COMPARED.map(([each]) => each)
        .join(', ')
        .replaceAll('; ', ', '),
    )
    await withClient(await server.database(), async (client) => {
      await client.query(`${everything}; ALTER TABLE audit.entries ADD COLUMN note text`)
      const { rows } = await client.query<{ own: string }>('SELECT quote_ident(current_database()) AS own')
      const before = await dumpOf(client)
      for (const [each, changes] of NOT_COMPARED) {
        for (const change of changes) await client.query(change.replace('%I', rows[0]?.own ?? ''))
        expect(diffCatalogs(before, await dumpOf(client)).map(named), each).toEqual([])
      }
    })
  })

  it('gives the same for the same migrations', async () => {
    await withClient(await server.database(), async (client) => {
      await client.query(`${createHistory('public')};`)
      for (const { up } of ours) await runScript(client, up)
      dumps.push(await dumpOf(client))
    })
    expect(dumps.at(-1)?.length).toBeGreaterThan(380)
    expect(diffCatalogs(dumps[0] ?? [], dumps.at(-1) ?? [])).toEqual([])
  })
})
