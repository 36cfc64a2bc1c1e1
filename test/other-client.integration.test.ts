import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { runPrisma } from '@miyabi/migrate'
import { type ClientClass, createPostgres, isPostgresError, parsePostgresSettings } from '@miyabi/postgres'
import { createTestDatabase, sql } from '@miyabi/testing'
import { build } from 'esbuild'
import { describe, expect, it, onTestFinished } from 'vitest'
import { root } from './workspace.js'

const schema = `
datasource db {
  provider = "postgresql"
}

generator client {
  provider      = "prisma-client"
  output        = "./generated"
  runtime       = "nodejs"
  compilerBuild = "small"
}

model Note {
  id   Int    @id
  text String @unique
}
`

interface Note {
  readonly id: number
  readonly text: string
}

/** What the tests use of the client of that schema. */
interface NoteClient {
  readonly note: {
    create(args: { readonly data: Note }): Promise<Note>
    findMany(args?: { readonly orderBy?: object }): Promise<Note[]>
  }
  $connect(): Promise<void>
  $disconnect(): Promise<void>
}

/** The client of a schema of its own, as Prisma generates it. */
async function generateClient(): Promise<ClientClass<NoteClient>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'miyabi-other-client-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(path.join(folder, 'schema.prisma'), schema)
  const args = ['generate', `--schema=${path.join(folder, 'schema.prisma')}`]
  const { exitCode, stderr } = await runPrisma(args, { env: process.env, cwd: folder, stdio: 'pipe' })
  expect(stderr).not.toContain('Error')
  expect(exitCode).toBe(0)
  const outfile = path.join(folder, 'client.mjs')
  await build({
    entryPoints: [path.join(folder, 'generated/client.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    nodePaths: [path.join(root, 'packages/postgres/node_modules')],
    banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` },
  })
  const { PrismaClient } = (await import(pathToFileURL(outfile).href)) as {
    readonly PrismaClient: ClientClass<NoteClient>
  }
  return PrismaClient
}

describe('createPostgres with the client of another schema', () => {
  it('pools, gives identities, runs transactions and maps errors for it', async () => {
    const client = await generateClient()
    await using database = await createTestDatabase({ empty: true })
    await sql(
      database.directDatabaseUrl,
      `CREATE TABLE "Note" (id int PRIMARY KEY, text text NOT NULL UNIQUE);
       GRANT ALL ON "Note" TO PUBLIC`,
    )
    const settings = parsePostgresSettings({ DATABASE_URL: database.databaseUrl })
    await using postgres = createPostgres(settings, { client })
    await postgres.prisma.note.create({ data: { id: 1, text: 'one' } })
    await postgres.transaction(async (tx) => {
      await tx.note.create({ data: { id: 2, text: 'two' } })
    })
    const failure = await postgres
      .transaction(async (tx) => {
        await tx.note.create({ data: { id: 3, text: 'three' } })
        await tx.note.create({ data: { id: 4, text: 'one' } })
      })
      .catch((error: unknown) => error)
    expect(isPostgresError(failure, 'postgres.unique_violation')).toBe(true)
    const notes = await postgres.read((prisma) => prisma.note.findMany({ orderBy: { id: 'asc' } }))
    expect(notes.map(({ text }) => text)).toEqual(['one', 'two'])
    expect(postgres.stats().total).toBeGreaterThan(0)
  })
})
