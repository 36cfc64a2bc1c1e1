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
