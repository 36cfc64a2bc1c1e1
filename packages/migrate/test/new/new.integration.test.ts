import { readFileSync } from 'node:fs'
import path from 'node:path'
import { sql } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { newMigration, type PrismaProject, readMigrations, verifyMigrations, writeDown } from '../../src/index.js'
import { writeMigrations } from '../../src/new/new-migration.js'
import { prisma } from '../support/cli.js'
import { useDatabase } from '../support/database.js'
import { createTestProject, DATASOURCE, type Project } from '../support/project.js'
import { schemaDiff } from '../support/schema-diff.js'

const database = useDatabase()

const AFTER = `
enum Mood {
  fine
  sad
}
model Person {
  id    Int    @id
  mood  Mood
  email String
  name  String @default("")
  posts Post[]
  @@index([email])
}
model Post {
  id       Int    @id
  authorId Int
  author   Person @relation(fields: [authorId], references: [id])
  @@index([authorId])
}
`
const FIRST = `
CREATE TYPE "Mood" AS ENUM ('fine', 'bad');
CREATE TABLE "Person" (
  "id" INTEGER NOT NULL, "mood" "Mood" NOT NULL, "email" TEXT NOT NULL, "extra" TEXT,
  CONSTRAINT "Person_pkey" PRIMARY KEY ("id")
);
CREATE INDEX person_fine ON "Person" ("email") WHERE id > 10;
ALTER TABLE "Person" ADD CONSTRAINT person_id_positive CHECK (id > 0);
`

function projectOf({ folder }: Project): PrismaProject {
  const env = { ...process.env, DIRECT_DATABASE_URL: database.url, DATABASE_URL: '' }
  return { root: folder, env, schema: 'prisma/schema', migrations: 'prisma/migrations' }
}

const migrationsOf = (project: Project) => readMigrations(path.join(project.folder, 'prisma/migrations'))
const read = (project: Project, file: string): string => readFileSync(path.join(project.folder, file), 'utf8')

describe('new', () => {
  it('writes the migration and its reverse, without harmful statements, and each slow index separately', async () => {
    const project = createTestProject({ 'main.prisma': DATASOURCE, 'person.prisma': AFTER })
    project.addMigration('20990101000000_first', FIRST)
    project.write(
      'prisma/migrations/20990101000000_first/down.sql',
      '-- @loses Person\nDROP TABLE "Person"; DROP TYPE "Mood"',
    )
    project.write(
      'prisma/migrations/20990101000000_first/rows.sql',
      `INSERT INTO "Person" VALUES (1, 'fine', 'a@b', 'x')`,
    )
    const written = await newMigration({ project: projectOf(project), name: 'posts' })
    expect(written).toEqual([
      {
        name: '20990101000001_posts',
        files: [
          'prisma/migrations/20990101000001_posts/migration.sql',
          'prisma/migrations/20990101000001_posts/down.sql',
          'prisma/migrations/20990101000001_posts/rows.sql',
        ],
      },
    ])
    const [up = '', down = ''] = written[0]?.files.map((file) => read(project, file)) ?? []
    for (const script of [up, down]) {
      expect(script).not.toMatch(/^(BEGIN|COMMIT)/m)
      expect(script).toMatch(/^SET LOCAL lock_timeout = '5s';$/m)
      expect(script).toMatch(/^SET LOCAL statement_timeout = '1min';$/m)
      // The policy of the tables' owner lets a migration change every row, and this setting would refuse all of them.
      expect(script).not.toContain('row_security')
      expect(script).toContain('Write here')
      // Prisma takes the partial index for the one that the schema asks for.
      expect(script).toMatch(/^-- Omitted, because person_fine is a partial index/m)
      expect(script).not.toMatch(/^ALTER INDEX/m)
    }
    expect(up).toMatch(/^-- @loses Person\.extra$/m)
    expect(down).toMatch(/^-- @loses Person\.name Post$/m)
    expect(up).toContain('CREATE INDEX "Post_authorId_idx"')

    project.write(
      'prisma/migrations/20990101000001_posts/migration.sql',
      up.replace('-- Write here', 'CREATE INDEX "Person_email_idx" ON "Person" ("email");\n-- Write here'),
    )
    project.write(
      'prisma/migrations/20990101000001_posts/down.sql',
      down.replace('-- Write here', 'DROP INDEX "Person_email_idx";\n-- Write here'),
    )
    project.write(
      'prisma/migrations/20990101000001_posts/rows.sql',
      `UPDATE "Person" SET name = 'a'; INSERT INTO "Post" VALUES (1, 1)`,
    )
    const schema = read(project, 'prisma/schema/person.prisma')
    project.write(
      'prisma/schema/person.prisma',
      schema.replace('@@index([email])', '@@index([email])\n  @@index([name])\n  @@unique([id, name])'),
    )
    // What Prisma's command says, its engine says in this process: the command was shown above.
    const diff = await schemaDiff()
    const [was, is] = [
      [DATASOURCE, schema],
      [DATASOURCE, read(project, 'prisma/schema/person.prisma')],
    ]
    const indexes = await writeMigrations({
      place: { root: project.folder, migrations: 'prisma/migrations' },
      name: 'indexes',
      forth: await diff(was, is),
      back: await diff(is, was),
      declared: { docs: new Map(), views: [] },
      now: new Date(),
    })
    expect(indexes.map(({ name }) => name)).toEqual([
      '20990101000002_person_name_idx',
      '20990101000003_person_id_name_key',
    ])
    expect(read(project, indexes[0]?.files[0] ?? '')).toMatch(
      /^-- @limits lock_timeout=1h statement_timeout=2h\n(-- .*\n)+CREATE INDEX CONCURRENTLY "Person_name_idx" ON "Person"\("name"\);\n$/,
    )
    expect(read(project, indexes[1]?.files[0] ?? '')).toContain('CREATE UNIQUE INDEX CONCURRENTLY "Person_id_name_key"')

    const verified = await verifyMigrations({ databaseUrl: database.url, migrations: migrationsOf(project) })
    expect(verified.flatMap(({ findings }) => findings.map(({ text }) => text))).toEqual([])
    const deployed = await prisma(project, ['migrate', 'deploy'], { url: database.url })
    expect(deployed.output).toContain('20990101000003_person_id_name_key')
    expect(deployed.exitCode).toBe(0)
    expect(await sql(database.url, 'SELECT FROM pg_index WHERE NOT indisvalid')).toEqual([])
  })

  it('refuses an invalid name, and leaves room for a separate statement', async () => {
    const project = createTestProject({ 'main.prisma': DATASOURCE })
    for (const name of ['', 'Add Name', '../x', 'a-b']) {
      await expect(newMigration({ project: projectOf(project), name })).rejects.toMatchObject({
        code: 'migrate.name_invalid',
      })
    }
    const now = new Date('2027-01-02T03:04:05.678Z')
    const [written] = await newMigration({ project: projectOf(project), name: 'vacuum', single: true, now })
    expect(written?.name).toBe('20270102030405_vacuum')
    expect(read(project, written?.files[0] ?? '')).toMatch(/^-- @limits /)
  })

  it("reports Prisma's errors about the schema", async () => {
    const project = createTestProject({ 'main.prisma': `${DATASOURCE}model A {\n  nonsense\n}\n` })
    await expect(newMigration({ project: projectOf(project), name: 'x' })).rejects.toMatchObject({
      code: 'migrate.diff_failed',
      message: expect.stringContaining('nonsense'),
    })
  })
})

describe('down', () => {
  it('ends with the reason of its signal, and writes nothing', async () => {
    const project = createTestProject({ 'main.prisma': DATASOURCE, 'person.prisma': AFTER })
    const reason = new Error('no more')
    const stop = new AbortController()
    const making = newMigration({ project: projectOf(project), name: 'change', signal: stop.signal })
    setTimeout(() => stop.abort(reason), 200)
    await expect(making).rejects.toBe(reason)
    expect(migrationsOf(project)).toEqual([])
  })

  it('writes the down file of a migration that has none, and lists what remains to be done', async () => {
    const project = createTestProject({ 'main.prisma': DATASOURCE, 'person.prisma': AFTER })
    project.addMigration('20990101000000_first', FIRST)
    project.addMigration(
      '20990101000001_second',
      'ALTER TABLE "Person" DROP "extra", ADD age int; DROP INDEX person_fine; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT 1$$',
    )
    project.addMigration('20990101000002_third', 'CREATE TABLE "Later" (id int)')
    const options = { project: projectOf(project), databaseUrl: database.url }
    const { file, differences } = await writeDown({ ...options, name: '20990101000001_second' })
    expect(file).toBe('prisma/migrations/20990101000001_second/down.sql')
    const down = read(project, file)
    expect(down).toContain('-- @loses Person.age')
    expect(down).toContain('ALTER TABLE "public"."Person" DROP COLUMN "age"')
    expect(down).not.toContain('Later')
    expect(differences.map(({ change, kind, name }) => `${change} ${kind} ${name}`)).toEqual([
      'missing index public.person_fine',
      'unexpected function public.f()',
      'unexpected grant EXECUTE on function public.f() to PUBLIC',
    ])
    expect(down).toContain('--   + function public.f() (with 1 more)')
    expect(down).toContain('CREATE INDEX person_fine ON public."Person"')
    await expect(writeDown({ ...options, name: '20990101000001_second' })).rejects.toMatchObject({
      code: 'migrate.down_exists',
    })
    await expect(writeDown({ ...options, name: 'nowhere' })).rejects.toMatchObject({ code: 'migrate.unknown' })
    expect((await writeDown({ ...options, name: '20990101000002_third' })).differences).toEqual([])
  })
})
