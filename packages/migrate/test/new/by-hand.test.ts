import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NewMigration, writeMigrations } from '../../src/new/new-migration.js'
import { type SchemaDiff, schemaDiff } from '../support/schema-diff.js'
import { START } from './changes.js'

const GENERATOR =
  'generator client {\n  provider = "prisma-client"\n  output = "x"\n  previewFeatures = ["postgresqlExtensions", "views"]\n}\n'

/** Changes of which Prisma writes what destroys, or nothing: what the file says of them. */
const changes: readonly (readonly [what: string, from: string | RegExp, to: string, says: readonly string[]])[] = [
  [
    'a table that may have been renamed',
    '@@map("notes")',
    '@@map("memos")',
    [
      'If notes was renamed to memos and not dropped: keep its name in the database (@@map)',
      'or write ALTER TABLE "notes" RENAME TO',
    ],
  ],
  [
    'a column that may have been renamed',
    'nick  String?',
    'alias String?',
    ['If nick of "users" was renamed and not dropped: keep its name in the database (@map)'],
  ],
  [
    'a type without a conversion',
    'legacy String?',
    'legacy Int?',
    [
      'legacy of "notes" gets a type for which Prisma knows no conversion: as written here, its values are lost.',
      'ALTER TABLE "notes" ALTER COLUMN "legacy" TYPE ... USING',
    ],
  ],
  ['an enum under another name', /\bMood\b/g, 'Temper', ['ALTER TYPE ... RENAME TO ...']],
  [
    'a value of an enum that may have been renamed',
    '  busy\n',
    '  hectic\n',
    [
      'busy of "Mood" is removed: rows that hold it stop this script.',
      `If it was renamed: ALTER TYPE "Mood" RENAME VALUE 'busy' TO 'hectic'; instead`,
    ],
  ],
  ['a value of an enum that goes', '  busy\n', '', ['busy of "Mood" is removed: rows that hold it stop this script.']],
]

describe('new', () => {
  let root = ''
  let diff: SchemaDiff
  beforeAll(async () => {
    root = mkdtempSync(path.join(tmpdir(), 'miyabi-by-hand-'))
    mkdirSync(path.join(root, 'migrations/20260101000000_base'), { recursive: true })
    const base = readFileSync(path.join(import.meta.dirname, 'base.sql'), 'utf8')
    writeFileSync(path.join(root, 'migrations/20260101000000_base/migration.sql'), base)
    diff = await schemaDiff()
  })
  afterAll(() => rmSync(root, { recursive: true }))

  async function written(next: string, views: readonly string[] = []): Promise<NewMigration[]> {
    const [was, is] = [[GENERATOR + START], [GENERATOR + next]]
    const [forth, back] = [await diff(was, is), await diff(is, was)]
    const migrations = await writeMigrations({
      place: { root, migrations: 'migrations' },
      name: 'change',
      forth,
      back,
      declared: { docs: new Map(), views },
      now: new Date(),
    })
    return migrations
  }
  const take = (file = ''): string => {
    const text = readFileSync(path.join(root, file), 'utf8')
    rmSync(path.dirname(path.join(root, file)), { recursive: true })
    return text
  }

  it.each(changes)('reports for %s what it destroys, and what to write instead', async (_, from, to, says) => {
    const [migration] = await written(START.replaceAll(from, to))
    const up = take(migration?.files[0])
    for (const text of says) expect(up).toContain(text)
  })

  it('reports nothing if a column is dropped and none is added', async () => {
    const [migration] = await written(START.replace('  legacy String?\n', ''))
    expect(take(migration?.files[0])).not.toMatch(/renamed|conversion/)
  })

  it('names a view of the schema that no migration creates, because Prisma does not know its query', async () => {
    const view = 'view Titles {\n  id String @unique\n  @@map("titles")\n}\n'
    const [migration, ...more] = await written(START + view, ['public.titles'])
    expect(more).toEqual([])
    expect(migration?.byHand).toEqual([
      expect.stringMatching(
        /^The Prisma schema has a view titles.*CREATE VIEW "titles" WITH \(security_invoker = true\)/,
      ),
    ])
    expect(take(migration?.files[0])).toContain('-- The Prisma schema has a view titles')
  })
})
