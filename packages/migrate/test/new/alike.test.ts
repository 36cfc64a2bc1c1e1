import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readDeclared } from '../../src/new/declared.js'
import { writeMigrations } from '../../src/new/new-migration.js'

const CHECK = `CHECK (made_at >= '0001-01-01' AND made_at < '10000-01-01')`

/** Three tables that are alike, and one that has neither column. */
const ALIKE = `
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$ BEGIN RETURN NEW; END $$;
${['apples', 'pears', 'plums']
  .map(
    (name) => `
CREATE TABLE ${name} (id int PRIMARY KEY, made_at timestamptz(3), updated_at date);
ALTER TABLE ${name} ADD CONSTRAINT ${name}_made_at_sane ${CHECK};
COMMENT ON TABLE ${name} IS 'Fruit.';
CREATE TRIGGER ${name}_touch BEFORE UPDATE ON public.${name} FOR EACH ROW EXECUTE FUNCTION touch();`,
  )
  .join('')}
CREATE TABLE stones (id int PRIMARY KEY);
`

const NEW = `CREATE TABLE "figs" ("id" INTEGER NOT NULL, "made_at" TEXT, "ripe" TIMESTAMPTZ(3), "updated_at" DATE);`

describe('what new tables get because all others have it', () => {
  let root = ''
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'miyabi-alike-'))
  })
  afterEach(() => rmSync(root, { recursive: true }))

  async function written(existing: string, forth: string, back = ''): Promise<string[]> {
    mkdirSync(path.join(root, 'migrations/20260101000000_first'), { recursive: true })
    writeFileSync(path.join(root, 'migrations/20260101000000_first/migration.sql'), existing)
    const declared = { docs: new Map([['public.figs', "Figs, the gardener's."]]), views: [] }
    const place = { root, migrations: 'migrations' }
    const migrations = await writeMigrations({ place, name: 'figs', forth, back, declared, now: new Date() })
    return migrations.map(({ files: [up = ''] }) => readFileSync(path.join(root, up), 'utf8'))
  }

  it('is the trigger for a column, the check for a type, under names of their own, and a comment', async () => {
    const [up] = await written(ALIKE, NEW)
    expect(up).toContain(
      `ALTER TABLE "figs" ADD CONSTRAINT "figs_ripe_sane" CHECK ("ripe" >= '0001-01-01' AND "ripe" < '10000-01-01');`,
    )
    expect(up).toContain(`CREATE TRIGGER "figs_touch" BEFORE UPDATE ON "figs" FOR EACH ROW EXECUTE FUNCTION touch();`)
    expect(up).toContain(`COMMENT ON TABLE "figs" IS 'Figs, the gardener''s.';`)
    expect(up).not.toContain('figs_made_at')
  })

  it('is looked at in a migration of its own where the table is in use', async () => {
    const change = [
      'ALTER TABLE "stones" ADD COLUMN "found" TIMESTAMPTZ(3);',
      'ALTER TABLE "stones" DROP COLUMN "found";',
    ] as const
    const [up, validated] = await written(ALIKE, ...change)
    expect(up).toMatch(/ADD CONSTRAINT "stones_found_sane" CHECK \(.*\) NOT VALID;/)
    expect(validated).toContain('ALTER TABLE "stones" VALIDATE CONSTRAINT "stones_found_sane";')
  })

  it.each([
    ['one of them is without', ALIKE.replace(/CREATE TRIGGER plums.*;/, '').replace(/ALTER TABLE plums.*;/, '')],
    [
      'one lost it again',
      `${ALIKE} DROP TRIGGER plums_touch ON plums; ALTER TABLE plums DROP CONSTRAINT plums_made_at_sane;`,
    ],
    ['there are but two', ALIKE.replace(/CREATE TABLE plums[\s\S]*?(?=CREATE TABLE stones)/, '')],
  ])('is nothing where %s', async (_, existing) => {
    const [up] = await written(existing, NEW)
    expect(up).not.toMatch(/CREATE TRIGGER|ADD CONSTRAINT/)
  })
})

describe('what a Prisma schema says beside its tables', () => {
  it('is the comment above a model, and a view, by the name and schema in the database', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-docs-'))
    mkdirSync(path.join(folder, 'deep'))
    writeFileSync(
      path.join(folder, 'deep/a.prisma'),
      `/// Of all\n/// of it.\nmodel Fig {\n  id Int @id\n\n  @@map("figs")\n}\n\nmodel Silent {\n  id Int @id\n}\n/// There.\nmodel Far {\n  id Int @id\n  @@schema("away")\n}\nview Seen {\n  id Int @unique\n  @@map("seen")\n}\nview Plain {\n  id Int @unique\n}\n`,
    )
    const { docs, views } = readDeclared(folder)
    expect([...docs]).toEqual([
      ['public.figs', 'Of all of it.'],
      ['away.Far', 'There.'],
    ])
    expect(views).toEqual(['public.seen', 'public.Plain'])
    expect(readDeclared(path.join(folder, 'deep/a.prisma'))).toEqual({ docs, views })
    rmSync(folder, { recursive: true })
  })
})
