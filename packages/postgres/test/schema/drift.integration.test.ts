import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCurrent } from './current-database.js'
import type { SchemaDatabase } from './schema-database.js'

const root = path.resolve(import.meta.dirname, '../../../..')

/** Runs the real `prisma migrate diff`: exit code 0 is no difference, 2 is some. */
function diff(url: string, ...args: readonly string[]): { code: number | null; output: string } {
  const prisma = path.join(root, 'node_modules/prisma/build/index.js')
  const { status, stdout, stderr } = spawnSync(process.execPath, [prisma, 'migrate', 'diff', ...args, '--exit-code'], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: url, DIRECT_DATABASE_URL: url },
    encoding: 'utf8',
  })
  return { code: status, output: stdout + stderr }
}

// Each command takes seconds, more where other tests keep the machine busy.
describe('prisma migrate diff', () => {
  let db: SchemaDatabase
  beforeAll(async () => {
    db = await openCurrent()
  })
  afterAll(() => db.close())

  it('finds nothing in the Prisma schema that the migrations do not make', () => {
    const { code, output } = diff(db.url, '--from-migrations', 'prisma/migrations', '--to-schema', 'prisma/schema')
    expect(output).toContain('No difference detected')
    expect(code).toBe(0)
  })

  // One run for both facts, for each takes seconds: what it lists beside the column would be a difference of the
  // migrated database.
  it('finds in a migrated database without a column that column, and nothing else', async () => {
    await db.query('ALTER TABLE logs DROP COLUMN data')
    const { code, output } = diff(db.url, '--from-config-datasource', '--to-schema', 'prisma/schema')
    expect(code).toBe(2)
    expect(output.match(/^ *\[.*$/gm)).toEqual(['[*] Changed the `logs` table', '  [+] Added column `data`'])
  })
})
