import { Socket } from 'node:net'
import { sleep } from '@miyabi/core'
import pg from 'pg'

/** A connection of the caller's, to be ended by it. */
export async function openConnection(url: string, stream: Socket = new Socket()): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'miyabi-testing', stream: () => stream })
  client.on('error', () => {}) // a server that ends is reported by the query that needs it
  await client.connect()
  return client
}

/** Runs `work` on one connection of its own. */
export async function withConnection<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await openConnection(url)
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** The same server and login, another database. */
export function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.toString()
}

/** SQLSTATEs of a clone that may succeed in a moment: the source is in use, or another clone of it is being made. */
const BUSY = new Set(['55006', '55P03', '40001'])

/**
 * `CREATE DATABASE`, from a template where given; waits while the template is busy. Files are copied as such: through
 * the log, as is usual, a copy and its removal take a server twice the processor time.
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

/** Drops a database with whatever is still connected to it. */
export async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`)
}
