import { DescribeTableCommand } from '@aws-sdk/client-dynamodb'
import {
  type CapacityRange,
  type DatabaseContext,
  type Environment,
  parseDatabaseSettings,
  tableDefinitions,
} from '@miyabi/db'
import type { Telemetry } from '@miyabi/db/telemetry'
import { duration, print, say, table } from '../terminal/print.js'

interface ServerFigures {
  readonly connections: number
  readonly limit: number
  readonly reserved: number
  readonly bytes: bigint
}

/**
 * What an operator monitors: the pool, the server's room for more of them, the sizes of both stores, and what telemetry
 * has counted.
 */
export async function figures(db: DatabaseContext, env: Environment, telemetry: Telemetry): Promise<void> {
  const { total, active, idle, waiting, max, min } = db.stats().postgres
  table(['pool: total', 'active', 'idle', 'waiting', 'min', 'max'], [[total, active, idle, waiting, min, max]])

  print()
  // Figures that no client can count: all connections, and the size on the server's disk.
  const [server] = await db.pg.$queryRaw<ServerFigures[]>`
    SELECT (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
           current_setting('max_connections')::int AS limit,
           current_setting('superuser_reserved_connections')::int AS reserved,
           pg_database_size(current_database()) AS bytes`
  if (server !== undefined) {
    const { connections, limit, reserved, bytes } = server
    table(
      ['server: connections', 'limit', 'pools of this size that fit', 'database'],
      [[connections, limit, Math.floor((limit - reserved) / max), megabytes(bytes)]],
    )
  }

  print()
  const { tablePrefix } = parseDatabaseSettings(env).dynamo
  const tables = tableDefinitions.map(async ({ name, billing }) => {
    const { Table } = await db.dynamodb.client.send(new DescribeTableCommand({ TableName: tablePrefix + name }))
    const capacity =
      billing.mode === 'PROVISIONED'
        ? `${units(billing.write)} WCU, ${units(billing.read)} RCU at ${billing.targetUtilization}%`
        : 'on demand'
    return [tablePrefix + name, Table?.ItemCount, capacity]
  })
  // AWS counts items every six hours, the embedded server immediately.
  table(['table', 'items', 'capacity'], await Promise.all(tables))

  print()
  table(
    ['consumed by', 'at', 'requests', 'read units', 'write units', 'refused'],
    db
      .stats()
      .dynamodb.capacity.map(({ operation, table: name, index, requests, readUnits, writeUnits, failedConditions }) => [
        operation,
        index ?? name.slice(tablePrefix.length),
        requests,
        readUnits,
        writeUnits,
        failedConditions,
      ]),
  )

  print()
  await seen(telemetry)
}

/** The output of `serveMetrics(telemetry)`, and the statements that took the most time. */
async function seen(telemetry: Telemetry): Promise<void> {
  const lines = (await telemetry.prometheus()).split('\n')
  const metrics = lines.filter((line) => line.startsWith('# TYPE ')).length
  say(`${metrics} metrics for Prometheus, in ${lines.length} lines, such as`)
  for (const line of lines.filter((one) => one.startsWith('miyabi_statements_total'))) say(line)

  const slow = telemetry.slow()
  if (slow.length === 0) say('no statement took 250 ms or more; `pnpm db:slow` shows the view of the server')
  else
    table(
      ['slow statements', 'runs', 'longest'],
      slow.map(({ statement, count, maxMs }) => [statement.slice(0, 60), count, duration(maxMs)]),
    )
}

const units = ({ min, max }: CapacityRange): string => `${min} to ${max}`
const megabytes = (bytes: bigint): string => `${(Number(bytes) / 2 ** 20).toFixed(1)} MB`
