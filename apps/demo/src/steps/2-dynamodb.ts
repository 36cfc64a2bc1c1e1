import { type DatabaseContext, type Environment, parseDatabaseSettings, tableDefinitions } from '@miyabi/db'
import { print, say, table } from '../terminal/print.js'

/** How the client behaves when a request fails, and the tables it works on. */
export async function dynamodb(db: DatabaseContext, env: Environment): Promise<void> {
  const { dynamo: settings } = parseDatabaseSettings(env)
  say(`endpoint ${settings.endpoint ?? `of AWS in ${settings.region}`}`)
  say(
    `a call ends within ${settings.timeoutMs} ms; in it a request of at most ${settings.attemptTimeoutMs} ms is tried up to ` +
      `${settings.maxAttempts} times`,
  )
  const { tables, steps, unverifiable } = await db.dynamodb.tables.status()
  const status = new Map(tables.map(({ table, status }) => [table, status]))
  table(
    ['table', 'status', 'billing', 'indexes'],
    tableDefinitions.map(({ name, billing, indexes }) => [
      settings.tablePrefix + name,
      status.get(settings.tablePrefix + name),
      billing.mode === 'PROVISIONED' ? `${billing.write.min} WCU, ${billing.read.min} RCU` : 'on demand',
      indexes.map((index) => index.name).join(', ') || '-',
    ]),
  )
  const unknown = [...new Set(unverifiable.map(({ what }) => what))]
  print()
  say(`steps to bring them up to date: ${steps.length}; unverifiable here: ${unknown.join(', ') || 'nothing'}`)
}
