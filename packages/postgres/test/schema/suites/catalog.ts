import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tableNames } from '../../../src/schema/tables.generated.js'
import { everyTable } from '../declared.js'
import type { OpenSchemaDatabase, SchemaDatabase } from '../schema-database.js'

/** Columns whose type is part of what the table promises. */
const types: Readonly<Record<string, string>> = {
  'users.email': 'citext',
  'plugins.id': 'text',
  'plugins.price': 'integer',
  'plugins.categories': 'text[]',
  'plugins.rating': 'numeric(3,2)',
  'plugins.features': 'jsonb',
  'usage_aggregates.tokens': 'bigint',
  'usage_aggregates.agent_executions': 'jsonb',
  'web_users.github_id': 'bigint',
  'repositories.github_repo_id': 'bigint',
  'agent_executions.created_at': 'timestamp(3) with time zone',
}

/** The indexes that serve questions, beside keys. Foreign keys are looked after by a test of their own. */
const indexes = [
  'plugins USING gin (categories)',
  'plugins USING gin (features)',
  'plugins USING btree (tier)',
  'plugins USING btree (downloads DESC)',
  'plugins USING btree (rating DESC)',
  'plugins USING btree (downloads DESC) WHERE verified',
  'plugins USING btree (downloads DESC) WHERE featured',
  'subscriptions USING btree (plugin_id)',
  'subscriptions USING btree (status)',
  'licenses USING btree (user_id, plugin_id)',
  'usage_events USING btree (user_id, plugin_id, created_at DESC)',
  'usage_events USING btree (event_type)',
  'trials USING btree (expires_at)',
  'plugin_submissions USING btree (user_id)',
  'plugin_submissions USING btree (status)',
  'plugin_reviews USING btree (rating)',
  'logs USING btree (level)',
  'logs USING btree (created_at DESC)',
  'web_users USING btree (github_username)',
  'repositories USING btree (user_id)',
  'repositories USING btree (full_name)',
  'agent_executions USING btree (user_id, repository_id, status)',
  'agent_executions USING btree (user_id, status, created_at DESC)',
  'agent_executions USING btree (created_at DESC)',
  'execution_logs USING btree (execution_id, "timestamp" DESC)',
  'workflows USING btree (user_id)',
  'workflows USING btree (repository_id)',
  'workflows USING btree (created_at DESC) WHERE is_template',
  'workflows USING btree (created_at DESC) WHERE is_public',
  'line_messages USING btree (user_id)',
  'line_messages USING btree (line_user_id, created_at DESC)',
  'line_messages USING btree (issue_number)',
  'websocket_connections USING btree (last_ping_at)',
]

export function catalog(open: OpenSchemaDatabase): void {
  describe('catalog', () => {
    let db: SchemaDatabase
    beforeAll(async () => {
      db = await open()
    })
    afterAll(() => db.close())

    it('has the tables of the schema and no other', async () => {
      const found = await db.query<{ name: string }>(
        `SELECT relname AS name FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> '_prisma_migrations'`,
      )
      expect(found.map(({ name }) => name).sort()).toEqual([...tableNames].sort())
    })

    it.each(everyTable)(
      '$name has its columns, and those that may be null',
      async ({ name: table, columns, isIgnored }) => {
        const found = await db.query<{ column: string }>(
          `SELECT column_name || CASE is_nullable WHEN 'YES' THEN '?' ELSE '' END AS column
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1`,
          [table],
        )
        const expected = columns.map(({ name, nullable }) => `${name}${nullable ? '?' : ''}`)
        expect(found.map(({ column }) => column).sort()).toEqual(expected.sort())
        if (!isIgnored) expect(expected).toEqual(expect.arrayContaining(['id', 'created_at']))
      },
    )

    it.each(Object.entries(types))('%s is %s', async (column, expected) => {
      const [table, name] = column.split('.')
      const found = await db.query<{ type: string }>(
        'SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = $1::regclass AND attname = $2',
        [table, name],
      )
      expect(found).toEqual([{ type: expected }])
    })

    it('has every index that a question needs', async () => {
      const found = await db.query<{ definition: string }>(
        `SELECT regexp_replace(pg_get_indexdef(indexrelid), '^CREATE (UNIQUE )?INDEX \\S+ ON (ONLY )?(public\\.)?', '') AS definition
         FROM pg_index JOIN pg_class t ON t.oid = indrelid WHERE t.relnamespace = 'public'::regnamespace`,
      )
      expect(found.map(({ definition }) => definition)).toEqual(expect.arrayContaining(indexes))
    })

    it('has for every foreign key an index that begins with it', async () => {
      const unserved = await db.query(
        `SELECT c.conname FROM pg_constraint c
         WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND NOT EXISTS (
           SELECT FROM pg_index i
           WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1] AND i.indpred IS NULL AND i.indisvalid
         )`,
      )
      expect(unserved).toEqual([])
    })

    it('has a trigger for every updated_at', async () => {
      const found = await db.query<{ table: string }>(
        `SELECT tgrelid::regclass::text AS table FROM pg_trigger WHERE tgfoid = 'set_updated_at'::regproc AND tgenabled = 'O'`,
      )
      const expected = everyTable.filter(({ columns }) => columns.some(({ name }) => name === 'updated_at'))
      expect(found.map(({ table }) => table).sort()).toEqual(expected.map(({ name }) => name).sort())
    })

    it('fixes what every function of ours means by its names', async () => {
      const loose = await db.query(
        `SELECT p.proname FROM pg_proc p
         WHERE p.pronamespace = 'public'::regnamespace
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
           AND p.prosqlbody IS NULL AND p.proconfig IS DISTINCT FROM ARRAY['search_path=pg_catalog, pg_temp']`,
      )
      expect(loose).toEqual([])
    })

    it('describes every table and every function of ours', async () => {
      const silent = await db.query(
        `SELECT relname AS name FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> '_prisma_migrations'
           AND obj_description(oid, 'pg_class') IS NULL
         UNION ALL
         SELECT proname FROM pg_proc p
         WHERE pronamespace = 'public'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')`,
      )
      expect(silent).toEqual([])
    })

    it('lets everybody use the schema, as a fresh database does', async () => {
      const [row] = await db.query(
        `SELECT EXISTS (
           SELECT FROM pg_namespace, aclexplode(nspacl) acl
           WHERE nspname = 'public' AND acl.grantee = 0 AND acl.privilege_type = 'USAGE'
         ) AS granted`,
      )
      expect(row).toEqual({ granted: true })
    })
  })
}
