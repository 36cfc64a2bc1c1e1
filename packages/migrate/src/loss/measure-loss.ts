import type { ClientBase } from 'pg'
import { type ChangedTable, changedTables, readActivity } from './changes.js'
import { type Fingerprint, fingerprint } from './fingerprint.js'
import type { Loss } from './loss.js'
import { seeAllRows } from './see-all-rows.js'
import { readTables } from './tables.js'

/**
 * Determines what a script destroys, by running it and rolling it back: including cascades, and what happens inside
 * functions and DO blocks. In an open transaction, which is left unchanged.
 */
export async function measureLoss(client: ClientBase, script: () => Promise<void>): Promise<Loss[]> {
  const before = { tables: await readTables(client), activity: await readActivity(client) }
  await client.query('SAVEPOINT before_script')
  await script()
  const now = { tables: await readTables(client), activity: await readActivity(client) }
  const changed = changedTables(before, now)
  const contents = await seeAllRows(
    client,
    changed.flatMap(({ after }) => after ?? []),
    async () => {
      const found = new Map<ChangedTable, Fingerprint>()
      for (const change of changed) {
        if (change.after && change.isRewritten) {
          found.set(
            change,
            await fingerprint(
              client,
              change.after,
              change.kept.map((pair) => pair.after),
            ),
          )
        }
      }
      return found
    },
  )
  await client.query('ROLLBACK TO before_script')
  const losses = await seeAllRows(
    client,
    changed.map((change) => change.before),
    async () => {
      const found: Loss[] = []
      for (const change of changed) {
        const { before: table } = change
        found.push(...lossesOf(change, await fingerprint(client, table), contents.get(change)))
      }
      return found
    },
  )
  await client.query('ROLLBACK TO before_script; RELEASE before_script') // releases the tables
  return losses
}

function lossesOf(change: ChangedTable, was: Fingerprint, is: Fingerprint | undefined): Loss[] {
  const table = change.before.name
  if (change.after === undefined) return was.rows === 0 ? [] : [{ table, rows: was.rows, values: was.values }]
  const losses: Loss[] = []
  const lost = is === undefined ? 0 : Math.max(change.deleted, was.rows - is.rows)
  if (lost > 0) losses.push({ table, rows: lost, values: Math.max(0, was.values - (is?.values ?? 0)) })
  const ofColumn = (column: string): Loss[] => {
    const values = was.columns.get(column)?.values ?? 0
    return values === 0 ? [] : [{ table, column, rows: values, values }]
  }
  losses.push(...change.dropped.flatMap(({ name }) => ofColumn(name)))
  if (is === undefined || lost > 0) return losses
  for (const pair of change.kept) {
    if (was.columns.get(pair.before.name)?.sum !== is.columns.get(pair.after.name)?.sum) {
      losses.push(...ofColumn(pair.before.name))
    }
  }
  return losses
}
