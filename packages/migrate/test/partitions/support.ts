import path from 'node:path'
import { createTestDatabase, deploy, sql } from '@miyabi/testing'
import type pg from 'pg'
import { type Migration, readMigrations } from '../../src/history/folder.js'
import { ensureMonths } from '../../src/index.js'

export const FOLDER = path.resolve(import.meta.dirname, '../../../../prisma/migrations')
export const TABLES = ['usage_events', 'logs', 'execution_logs', 'line_messages'] as const

export const USER = '00000000-0000-7000-8000-000000000001'
/** Whom rows of all tables can refer to. */
export const PARENTS = `
  INSERT INTO users (id, email) VALUES ('${USER}', 'a@example.com');
  INSERT INTO plugins (id, name, display_name, source, version, tier) VALUES ('p', 'p', 'p', 'github:a/a', '1.0.0', 'pro');
  INSERT INTO web_users (id, github_id, github_username) VALUES ('${USER}', 1, 'a');
  INSERT INTO repositories (id, user_id, github_repo_id, owner, name, full_name) VALUES ('${USER}', '${USER}', 1, 'a', 'a', 'a/a');
  INSERT INTO agent_executions (id, user_id, repository_id, agent_type) VALUES ('${USER}', '${USER}', '${USER}', 'CodeGen');`

/** The migrations before the tables were by month, and those that make them so. */
export function migrations(): { readonly before: Migration[]; readonly ofMonths: Migration[] } {
  const all = readMigrations(FOLDER)
  const from = all.findIndex(({ name }) => name.endsWith('_ids_say_when'))
  const to = all.findIndex(({ name }) => name.endsWith('_months_ahead'))
  return { before: all.slice(0, from), ofMonths: all.slice(from, to + 1) }
}

/** A database as it was before the tables were by month. */
export async function databaseBefore() {
  const database = await createTestDatabase({ empty: true })
  await deploy(database.directDatabaseUrl, migrations().before)
  await sql(database.directDatabaseUrl, PARENTS)
  return database
}

/** Takes the first partition of a table away, with what is in it, and makes months from a time on. */
export async function monthsSince(client: pg.ClientBase, table: string, from: Date): Promise<void> {
  await client.query(`DROP TABLE parts.${table}_before`)
  await ensureMonths(client, table, from, new Date(Date.now() + 40 * 86_400_000))
}
