import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { createTestDatabase, sql } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backfillRows, lintMigrations } from '../../src/index.js'

const root = path.resolve(import.meta.dirname, '../../../..')
let folder: string
let steps: { readonly expand: string; readonly script: string; readonly there: string; readonly required: string }

/** The examples of the policy, from its own text. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'miyabi-backfill-'))
  const page = await readFile(path.join(root, 'docs/MIGRATIONS.md'), 'utf8')
  const section = page.slice(page.indexOf('## Changing a big table'), page.indexOf('## Going back'))
  const blocks = (language: string): string[] =>
    [...section.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, text = '']) => text)
  const [expand = '', there = '', required = ''] = blocks('sql')
  const [script = ''] = blocks('ts')
  steps = { expand, script, there, required }
})
afterAll(() => rm(folder, { recursive: true }))

describe('the change of a big table, as the policy shows it', () => {
  it('runs on a table of the house, with row-level security', async () => {
    await using database = await createTestDatabase()
    const url = database.directDatabaseUrl
    const insert = (id: string) =>
      `INSERT INTO plugins (id, name, display_name, source, version, tier)
       VALUES ('${id}', '${id}', 'Grüße ${id}', 'github:a/b', '1.0.0', 'free')`
    for (let n = 0; n < 20; n++) await sql(url, insert(`before-${n}`))
    await sql(url, steps.expand)
    await sql(url, insert('beside'))
    const program = path.join(folder, 'search-name.mjs')
    const entry = new URL('../../dist/index.js', import.meta.url).href
    await writeFile(program, steps.script.replace(`'@miyabi/migrate'`, JSON.stringify(entry)))
    const { stderr } = await promisify(execFile)(process.execPath, [program], {
      cwd: folder,
      env: { DIRECT_DATABASE_URL: url },
    })
    expect(stderr.trim().split('\n').at(-1)).toBe('done: 21 scanned, 20 changed')
    await sql(url, steps.there)
    await sql(url, steps.required)
    await sql(url, insert('after'))
    const rows = await sql(url, `SELECT id FROM plugins WHERE search_name = lower('Grüße ' || id)`)
    expect(rows).toHaveLength(22)
    await expect(sql(url, `UPDATE plugins SET search_name = NULL`)).rejects.toThrow('not-null constraint')
  })

  it('passes lint', async () => {
    const migrations = path.join(folder, 'migrations')
    await cp(path.join(root, 'prisma/migrations'), migrations, { recursive: true })
    const last = (await readdir(migrations))
      .filter((name) => /^\d/.test(name))
      .toSorted()
      .at(-1)
    await writeFile(path.join(migrations, 'lint-baseline.txt'), `${last}\n`)
    for (const [index, step] of [steps.expand, steps.there, steps.required].entries()) {
      await mkdir(path.join(migrations, `2099010100000${index}_step`))
      await writeFile(path.join(migrations, `2099010100000${index}_step`, 'migration.sql'), step)
    }
    expect((await lintMigrations(migrations)).findings).toEqual([])
  })
})

describe('who migrates', () => {
  it("is not who serves: the application's login can neither migrate nor backfill, and changes nothing", async () => {
    await using database = await createTestDatabase()
    const { databaseUrl, directDatabaseUrl } = database
    const backfill = { name: 'one', table: 'plugins', set: 'downloads = 1', databaseUrl }
    await expect(backfillRows(backfill)).rejects.toMatchObject({ code: 'migrate.backfill.not_owner' })
    await expect(sql(databaseUrl, steps.expand)).rejects.toThrow('must be owner of table plugins')
    const left = await sql(directDatabaseUrl, `SELECT to_regnamespace('miyabi_backfill') AS schema`)
    expect(left).toEqual([{ schema: null }])
  })

  it('reaches every row of every table of the house through its policies, or is told', async () => {
    await using database = await createTestDatabase()
    const url = database.directDatabaseUrl
    const tables = await sql<{ name: string; bound: boolean }>(
      url,
      `SELECT c.relname AS name, c.relforcerowsecurity AND c.relrowsecurity AS bound FROM pg_class AS c
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> '_prisma_migrations' ORDER BY 1`,
    )
    expect(tables.length).toBeGreaterThanOrEqual(18)
    expect(tables.filter(({ bound }) => !bound)).toEqual([])
    for (const { name } of tables) {
      const [key] = await sql<{ name: string }>(
        url,
        `SELECT quote_ident(a.attname) AS name FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
          WHERE i.indisprimary AND i.indrelid = to_regclass($1)`,
        [name],
      )
      const backfill = { databaseUrl: url, name, table: name, set: `${key?.name} = t.${key?.name}` }
      expect(await backfillRows(backfill), name).toMatchObject({ isDone: true })
    }
    await sql(url, 'DROP POLICY owner_all ON plugins')
    const backfill = { databaseUrl: url, name: 'again', table: 'plugins', set: 'downloads = 1' }
    await expect(backfillRows(backfill)).rejects.toMatchObject({ code: 'migrate.backfill.rows_hidden' })
  })
})
