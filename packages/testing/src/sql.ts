import pg from 'pg'

/** Runs SQL as the login of a URL and resolves to the rows. */
export async function sql<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(text, values)).rows
  } finally {
    await client.end()
  }
}

/** Returns the shadow databases on the server, by name. */
export async function shadowDatabases(url: string): Promise<string[]> {
  const rows = await sql<{ datname: string }>(
    url,
    `SELECT datname FROM pg_database WHERE datname LIKE 'prisma\\_migrate\\_shadow\\_db\\_%'`,
  )
  return rows.map(({ datname }) => datname)
}

/** Returns the databases in which a statement that contains `text` is running. */
export async function databasesRunning(url: string, text: string): Promise<string[]> {
  const rows = await sql<{ datname: string }>(
    url,
    `SELECT datname FROM pg_stat_activity
      WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%' || $1::text || '%'`,
    [text],
  )
  return rows.map(({ datname }) => datname)
}

/**
 * Resolves when `condition` is true; checks at first every 20 ms, later every 100 ms, for at most two minutes. Most
 * conditions open a connection.
 */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const start = Date.now()
  for (let waitMs = 20; Date.now() - start < 120_000; waitMs = Math.min(waitMs * 1.5, 100)) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
  throw new Error('The condition did not become true within two minutes.')
}
