import { Socket } from 'node:net'
import { sleep } from '@miyabi/core'
import pg from 'pg'

/** Opens a connection, which the caller must end. */
export async function openConnection(url: string, stream: Socket = new Socket()): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'miyabi-testing', stream: () => stream })
  client.on('error', () => {}) // the end of a server is reported by the query that needs it
  await client.connect()
  return client
}

/** Runs `work` on a separate connection. */
export async function withConnection<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await openConnection(url)
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Returns the URL of another database with the same server and login. */
export function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.toString()
}

/**
 * SQLSTATEs of a clone that may succeed when retried: the source is in use, or another clone of it is being created.
 */
const BUSY = new Set(['55006', '55P03', '40001'])

/**
 * Runs `CREATE DATABASE`, from a template if given; waits while the template is busy. Files are copied directly:
 * through the log, the default, a copy and its removal take twice the server's CPU time.
 */
export async function createDatabase(client: pg.Client, name: string, template?: string): Promise<void> {
  const source = template === undefined ? '' : ` TEMPLATE ${pg.escapeIdentifier(template)}`
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}${source} STRATEGY file_copy`)
      return
    } catch (error) {
      if (attempt === 20 || !BUSY.has((error as pg.DatabaseError).code ?? '')) throw error
      await sleep(100)
    }
  }
}

/** Drops a database including its open connections. */
export async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`)
}
