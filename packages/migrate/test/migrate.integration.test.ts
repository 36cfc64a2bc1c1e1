import { sql } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isLong, prisma } from './support/cli.js'
import { CommandLines } from './support/command-lines.js'
import { changed, tables, useDatabase } from './support/database.js'
import { createProject, createTestProject, DATASOURCE, type Project } from './support/project.js'

const database = useDatabase()

const user = (fields = ''): string => `model User {\n  id Int @id\n${fields}  posts Post[]\n}\n`
const VIEWS =
  'generator client {\n  provider = "prisma-client"\n  output = "../../generated"\n  previewFeatures = ["views"]\n}\n'
const POST = 'model Post {\n  id Int @id\n  userId Int\n  user User @relation(fields: [userId], references: [id])\n}\n'

describe('migrate dev, status and reset', () => {
  let project: Project
  let url: string

  beforeAll(() => {
    project = createProject({ 'main.prisma': DATASOURCE, 'user.prisma': user(), 'post.prisma': POST })
    project.write('seed.mjs', "console.log('seeded ' + Boolean(process.env.DIRECT_DATABASE_URL))\n")
    url = changed(database.url, (copy) => {
      copy.pathname += '_dev'
    })
  })
  afterAll(async () => {
    project.remove()
    await sql(database.url, `DROP DATABASE IF EXISTS "${new URL(url).pathname.slice(1)}"`)
  })

  // The code itself is the engine's, whose tests have it.
  if (isLong) {
    it('says that the database does not exist (P1003)', async () => {
      const { exitCode, output } = await prisma(project, ['migrate', 'status'], { url })
      expect(output).toContain('Error: P1003: Database `')
      expect(exitCode).toBe(1)
    })
  }

  it('creates the database, writes the first migration from several schema files, and applies it, with no password in `ps`', async () => {
    const processes = process.platform === 'linux' ? new CommandLines() : undefined
    const { exitCode, output } = await prisma(project, ['migrate', 'dev', '--name', 'init'], { url })
    processes?.end()
    if (processes) {
      // Other test files start engines of their own meanwhile.
      const engines = [...processes.seen].filter(
        (line) => line.includes('schema-engine') && line.includes(new URL(url).pathname),
      )
      expect(engines.length).toBeGreaterThan(0)
      expect(engines.join()).toContain('--datasource')
      expect(engines.join()).not.toContain(new URL(url).password)
    }
    expect(output).toContain('Your database is now in sync with your schema')
    expect(exitCode).toBe(0)
    expect(project.migrationNames()).toEqual([expect.stringMatching(/^\d{14}_init$/)])
    expect(await tables(url)).toEqual(['Post', 'User', '_prisma_migrations'])
  })

  it('applies a migration that was created first and edited then, and one in plain SQL with a view and a check', async () => {
    project.write('prisma/schema/user.prisma', user('  name String?\n'))
    const created = await prisma(project, ['migrate', 'dev', '--create-only', '--name', 'name'], { url })
    expect(created.exitCode).toBe(0)
    const name = project.migrationNames().at(-1) ?? ''
    project.addMigration(
      name,
      `ALTER TABLE "User" ADD COLUMN "name" TEXT; COMMENT ON COLUMN "User"."name" IS 'edited';`,
    )
    project.write('prisma/schema/main.prisma', VIEWS + DATASOURCE)
    project.write('prisma/schema/view.prisma', 'view UserName {\n  id Int @unique\n  name String?\n}\n')
    project.addMigration(
      '20990101000000_view',
      `CREATE VIEW "UserName" AS SELECT id, name FROM "User"; ALTER TABLE "User" ADD CHECK (id > 0);`,
    )
    const { exitCode, output } = await prisma(project, ['migrate', 'dev'], { url })
    expect(output).toContain(`└─ ${name}/`)
    expect(output).toContain('20990101000000_view')
    expect(exitCode).toBe(0)
    expect(project.migrationNames()).toHaveLength(3)
  })

  // As `migrate dev` has just found it, and says.
  if (isLong) {
    it('finds the schema up to date, views and checks in plain SQL included', async () => {
      const status = await prisma(project, ['migrate', 'status'], { url })
      expect(status.output).toContain('Database schema is up to date!')
      expect(status.exitCode).toBe(0)
    })
  }

  it('resets the database: drops everything, and migrates', async () => {
    await sql(url, 'INSERT INTO "User" (id) VALUES (1)')
    const reset = await prisma(project, ['migrate', 'reset', '--force'], { url })
    expect(reset.output).toContain('Database reset successful')
    expect(reset.exitCode).toBe(0)
    expect(await sql(url, 'SELECT id FROM "User"')).toEqual([])
  })

  // `migrate verify` runs it on every database that it fills.
  if (isLong) {
    it('seeds it with db seed', async () => {
      const seed = await prisma(project, ['db', 'seed'], { url })
      expect(seed.output).toContain('seeded true')
      expect(seed.exitCode).toBe(0)
    })
  }
})

describe('migrate deploy and resolve', () => {
  const BAD = 'CREATE TABLE b (id int);\nINSERT INTO b VALUES (1), (NULL::int);\nINSERT INTO nowhere VALUES (1);\n'

  it('stops at a migration that fails, until it is resolved', async () => {
    const { url } = database
    const project = createTestProject({ 'main.prisma': DATASOURCE })
    project.addMigration('1_good', 'CREATE TABLE a (id int);')
    project.addMigration('2_bad', BAD)

    const failed = await prisma(project, ['migrate', 'deploy'], { url })
    expect(failed.exitCode).toBe(1)
    expect(failed.output).toContain('Error: P3018')
    expect(failed.output).toContain('Migration name: 2_bad')
    expect(failed.output).toContain('Database error code: 42P01')
    expect(failed.output).toContain('  3 INSERT INTO nowhere VALUES (1);')
    expect(await tables(url)).toEqual(['_prisma_migrations', 'a'])

    if (isLong) {
      const blocked = await prisma(project, ['migrate', 'deploy'], { url })
      expect(blocked.exitCode).toBe(1)
      expect(blocked.output).toContain('Error: P3009')
      expect(blocked.output).toContain('2_bad')
    }

    const resolved = await prisma(project, ['migrate', 'resolve', '--rolled-back', '2_bad'], { url })
    expect(resolved.output).toContain('marked as rolled back')
    expect(resolved.exitCode).toBe(0)

    project.addMigration('2_bad', 'CREATE TABLE b (id int);')
    const mended = await prisma(project, ['migrate', 'deploy'], { url })
    expect(mended.output).toContain('All migrations have been successfully applied')
    expect(mended.exitCode).toBe(0)
    expect(await tables(url)).toEqual(['_prisma_migrations', 'a', 'b'])

    if (!isLong) return
    project.addMigration('3_by_hand', 'CREATE TABLE c (id int);')
    const marked = await prisma(project, ['migrate', 'resolve', '--applied', '3_by_hand'], { url })
    expect(marked.exitCode).toBe(0)
    expect(await tables(url)).not.toContain('c')
  })
})
