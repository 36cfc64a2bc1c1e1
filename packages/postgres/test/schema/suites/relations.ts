import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idOf, insert, type Row, type Table } from '../rows.js'
import { type OpenSchemaDatabase, refusal, type SchemaDatabase } from '../schema-database.js'

/** Every foreign key, by what happens to its rows when the row that they point to is deleted. */
const onDelete: Readonly<Record<'cascade' | 'restrict' | 'set null', readonly string[]>> = {
  cascade: [
    'agent_executions.repository_id',
    'agent_executions.user_id',
    'execution_logs.execution_id',
    'line_messages.user_id',
    'plugin_reviews.plugin_id',
    'plugin_reviews.user_id',
    'plugin_submissions.user_id',
    'repositories.user_id',
    'websocket_connections.user_id',
    'workflows.repository_id',
    'workflows.user_id',
  ],
  restrict: [
    'licenses.plugin_id',
    'licenses.user_id',
    'plugins.requires_plugin_id',
    'subscriptions.plugin_id',
    'subscriptions.user_id',
    'trials.plugin_id',
    'trials.user_id',
    'usage_aggregates.plugin_id',
    'usage_aggregates.user_id',
    'usage_events.plugin_id',
    'usage_events.user_id',
  ],
  'set null': ['plugins.author_id'],
}

export function relations(open: OpenSchemaDatabase): void {
  describe('relations', () => {
    let db: SchemaDatabase
    beforeAll(async () => {
      db = await open()
    })
    afterAll(() => db.close())

    const parentOf = async (column: string): Promise<{ child: Table; name: string; parent: Table }> => {
      const [child = '', name = ''] = column.split('.')
      const [key] = await db.query<{ parent: Table }>(
        `SELECT confrelid::regclass::text AS parent FROM pg_constraint WHERE conname = $1`,
        [`${child}_${name}_fkey`],
      )
      if (!key) throw new Error(`${column} has no foreign key`)
      return { child: child as Table, name, parent: key.parent }
    }
    /** A parent, and a child that points to it. */
    const pair = async (column: string) => {
      const { child, name, parent } = await parentOf(column)
      const parentId = await idOf(db, parent)
      const row = await insert(db, child, { [name]: parentId })
      return { child, name, parent, parentId, childId: row['id'] }
    }
    const read = async (table: Table, id: unknown): Promise<Row | undefined> =>
      (await db.query(`SELECT * FROM ${table} WHERE id = $1`, [id]))[0]

    it.each(onDelete.cascade)('%s: goes with its parent', async (column) => {
      const { child, parent, parentId, childId } = await pair(column)
      await db.query(`DELETE FROM ${parent} WHERE id = $1`, [parentId])
      expect(await read(child, childId)).toBeUndefined()
    })

    it.each(onDelete.restrict)('%s: keeps its parent from being deleted', async (column) => {
      const { child, name, parent, parentId } = await pair(column)
      const refused = await refusal(db.query(`DELETE FROM ${parent} WHERE id = $1`, [parentId]))
      expect(refused.constraint).toBe(`${child}_${name}_fkey`)
    })

    it.each(onDelete['set null'])('%s: outlives its parent', async (column) => {
      const { child, name, parent, parentId, childId } = await pair(column)
      await db.query(`DELETE FROM ${parent} WHERE id = $1`, [parentId])
      expect(await read(child, childId)).toMatchObject({ [name]: null })
    })

    it.each(Object.values(onDelete).flat())(
      '%s: refuses a parent that is not there, and a new id of the one that is',
      async (column) => {
        const { child, name, parent, parentId } = await pair(column)
        const constraint = `${child}_${name}_fkey`
        const nowhere = parent === 'plugins' ? 'nowhere' : '00000000-0000-7000-8000-000000000000'
        expect(await refusal(insert(db, child, { [name]: nowhere }))).toMatchObject({ code: '23503', constraint })
        const renamed = await refusal(db.query(`UPDATE ${parent} SET id = $2 WHERE id = $1`, [parentId, nowhere]))
        expect(renamed.constraint).toBe(constraint)
      },
    )

    it('are all tried above', async () => {
      const found = await db.query<{ column: string }>(
        `SELECT c.conrelid::regclass || '.' || a.attname AS column FROM pg_constraint c
         JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
         WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace`,
      )
      expect(found.map(({ column }) => column).sort()).toEqual(Object.values(onDelete).flat().sort())
    })

    it('take a web user away with all that is theirs, logs of their executions included', async () => {
      const log = await insert(db, 'execution_logs')
      const execution = await read('agent_executions', log['execution_id'])
      await db.query('DELETE FROM web_users WHERE id = $1', [execution?.['user_id']])
      expect(await read('execution_logs', log['id'])).toBeUndefined()
      expect(await read('repositories', execution?.['repository_id'])).toBeUndefined()
    })
  })
}
