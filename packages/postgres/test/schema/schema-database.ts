import pg from 'pg'

/** A database with the migration applied, open as its owner. */
export interface SchemaDatabase {
  readonly url: string
  readonly pool: pg.Pool
  /** Runs one statement and answers its rows. */
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>
  close(): Promise<void>
}

/** Makes such a database of its own for each suite that asks. */
export type OpenSchemaDatabase = () => Promise<SchemaDatabase>

/** Opens the database behind a URL; `drop` runs after its pool is closed. */
export function schemaDatabase(url: string, drop: () => Promise<void>): SchemaDatabase {
  const pool = new pg.Pool({ connectionString: url, max: 12, options: '-c TimeZone=UTC' })
  // The pool ends before its sockets do; the drop that follows cuts those short, which client and pool say on
  // themselves.
  pool.on('connect', (client) => client.on('error', () => {})).on('error', () => {})
  return {
    url,
    pool,
    query: async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await pool.query<Row>(text, [...values])).rows,
    close: async () => {
      await pool.end()
      await drop()
    },
  }
}

/** What PostgreSQL says about a statement that it must refuse. */
export async function refusal(
  work: Promise<unknown>,
): Promise<{ code?: string; constraint?: string; message: string }> {
  try {
    await work
  } catch (error) {
    if (error instanceof pg.DatabaseError) {
      const { code, constraint, message } = error
      return { ...(code ? { code } : {}), ...(constraint ? { constraint } : {}), message }
    }
    throw error
  }
  throw new Error('The statement was accepted')
}
