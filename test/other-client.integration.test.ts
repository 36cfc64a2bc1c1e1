import { createPostgres, isPostgresError, parsePostgresSettings } from '@miyabi/postgres'
import { createTestDatabase, sql } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { generateClient } from './generated-client.js'

const schema = `
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

describe('createPostgres with the client of another schema', () => {
  it('pools, gives identities, runs transactions and maps errors for it', async () => {
    const client = await generateClient<NoteClient>(schema)
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
