import type pg from 'pg'
import { dropDatabase } from './admin.js'
import { dropTable, listTables } from './dynamodb-http.js'
import { RUN_LOCK, type RunName, runOf } from './names.js'

/** Drops everything that `run` created. */
export async function dropRun(client: pg.Client, endpoint: string | undefined, run: RunName): Promise<void> {
  for (const name of await databasesOfRuns(client)) {
    if (runOf(name)?.prefix === run.prefix) await dropDatabase(client, name)
  }
  if (endpoint === undefined) return
  for (const name of await listTables(endpoint)) {
    if (runOf(name)?.prefix === run.prefix) await dropTable(endpoint, name)
  }
}

/** Drops the leftovers of killed runs: those whose advisory lock is free. */
export async function dropDeadRuns(client: pg.Client, endpoint: string | undefined): Promise<void> {
  const names = [...(await databasesOfRuns(client)), ...(endpoint === undefined ? [] : await listTables(endpoint))]
  const runs = new Map(names.flatMap((name) => runOf(name) ?? []).map((run) => [run.prefix, run]))
  for (const run of runs.values()) {
    const lock = [RUN_LOCK, run.lockKey]
    const { rows } = await client.query<{ free: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS free', lock)
    if (!rows[0]?.free) continue
    try {
      await dropRun(client, endpoint, run)
    } finally {
      await client.query('SELECT pg_advisory_unlock($1, $2)', lock)
    }
  }
}

async function databasesOfRuns(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname LIKE 'miyabi\\_test\\_%'`,
  )
  return rows.map((row) => row.name)
}
