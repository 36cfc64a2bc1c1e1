import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { declared } from '../declared.js'
import { idOf, insert, type Row, type Table } from '../rows.js'
import { type OpenSchemaDatabase, refusal, type SchemaDatabase } from '../schema-database.js'

/** Every foreign key that the Prisma schema declares, with what happens when the row that it points to is deleted. */
const keys = declared.flatMap(({ name, columns, references }) =>
  references.map(({ column, onDelete }) => ({
    column: `${name}.${column}`,
    type: columns.find((each) => each.name === column)?.type ?? '',
    onDelete,
  })),
)
const keysWith = (...actions: readonly string[]): readonly string[] =>
  keys.filter(({ onDelete }) => actions.includes(onDelete)).map(({ column }) => column)

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

    it.each(keysWith('Cascade'))('%s: goes with its parent', async (column) => {
      const { child, parent, parentId, childId } = await pair(column)
      await db.query(`DELETE FROM ${parent} WHERE id = $1`, [parentId])
      expect(await read(child, childId)).toBeUndefined()
    })

    it.each(keysWith('Restrict', 'NoAction'))('%s: keeps its parent from being deleted', async (column) => {
      const { child, name, parent, parentId } = await pair(column)
      const refused = await refusal(db.query(`DELETE FROM ${parent} WHERE id = $1`, [parentId]))
      expect(refused.constraint).toBe(`${child}_${name}_fkey`)
    })

    it.each(keysWith('SetNull'))('%s: outlives its parent', async (column) => {
      const { child, name, parent, parentId, childId } = await pair(column)
      await db.query(`DELETE FROM ${parent} WHERE id = $1`, [parentId])
      expect(await read(child, childId)).toMatchObject({ [name]: null })
    })

    it.each(keys)(
      '$column: refuses a parent that is not there, and a new id of the one that is (onUpdate: Restrict)',
      async ({ column, type }) => {
        const { child, name, parent, parentId } = await pair(column)
        const constraint = `${child}_${name}_fkey`
        const nowhere = type === 'text' ? 'nowhere' : '00000000-0000-7000-8000-000000000000'
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
      expect(found.map(({ column }) => column).sort()).toEqual(keys.map(({ column }) => column).sort())
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
