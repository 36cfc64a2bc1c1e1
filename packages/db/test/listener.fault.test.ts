import {
  createTestDatabase,
  dynamodbEndpoint,
  patience,
  sql,
  startTcpProxy,
  type TestDatabase,
  tablePrefix,
  until,
} from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DatabaseContext } from '../src/index.js'
import { RecordingLogger } from './recording-logger.js'

const LONG_MS = 600_000

let database: TestDatabase
let env: Record<string, string>
beforeAll(async () => {
  database = await createTestDatabase()
  env = {
    DATABASE_URL: database.databaseUrl,
    SERVICE_DATABASE_URL: database.serviceDatabaseUrl,
    SERVICE_DIRECT_DATABASE_URL: database.serviceDatabaseUrl,
    DYNAMODB_ENDPOINT: dynamodbEndpoint(),
    DYNAMODB_TABLE_PREFIX: tablePrefix(),
    ...patience,
    DB_MIN_CONNECTIONS: '0',
    DB_APPLICATION_NAME: 'listener-test',
  }
  await using db = await DatabaseContext.fromEnv({ env })
  await db.dynamodb.tables.apply()
})
afterAll(() => database.drop())

const looks = (db: DatabaseContext): number =>
  db.stats().dynamodb.capacity.reduce((sum, { operation, requests }) => sum + (operation === 'Query' ? requests : 0), 0)

/** Waits until a reader looks at nothing for longer than its timer takes where nobody is heard. */
async function quiet(db: DatabaseContext): Promise<void> {
  let before: number
  do {
    before = looks(db)
    await new Promise((resolve) => setTimeout(resolve, 600))
  } while (before === 0 || looks(db) > before)
}

/** Sessions that listen. The login of the service sees what its own do. */
const lines = (): Promise<{ pid: number }[]> =>
  sql<{ pid: number }>(
    database.serviceDatabaseUrl,
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
  )

describe('receive with waitMs, over two processes', () => {
  it('is woken by NOTIFY and looks at nothing in between; one connection more, and only while somebody waits', async () => {
    await using reader = await DatabaseContext.fromEnv({ env })
    await using sender = await DatabaseContext.fromEnv({ env })
    expect(await lines()).toEqual([])
    const lease = await reader.dynamodb.messages.lease('heard', { connectionId: 'c' })
    const receiving = lease.receive({ waitMs: LONG_MS })
    await until(async () => (await lines()).length === 1)
    await quiet(reader)
    const { messageId } = await sender.dynamodb.messages.enqueue({ recipient: 'heard', messageType: 'ping' })
    expect((await receiving).messages).toMatchObject([{ messageId }])
    await lease.release()
  })

  it('looks by itself while the line is cut or dead, says so once, and is woken again afterwards', async () => {
    await using proxy = await startTcpProxy(database.serviceDatabaseUrl)
    const logger = new RecordingLogger()
    const throughProxy = { ...env, SERVICE_DIRECT_DATABASE_URL: proxy.url(database.serviceDatabaseUrl) }
    await using reader = await DatabaseContext.fromEnv({ env: throughProxy, logger })
    await using sender = await DatabaseContext.fromEnv({ env })
    const lease = await reader.dynamodb.messages.lease('cut', { connectionId: 'c' })
    const receive = () => lease.receive({ waitMs: LONG_MS })
    let receiving = receive()
    await quiet(reader)
    const before = looks(reader)
    await proxy.refuse()
    proxy.resetAll()
    await until(async () => looks(reader) > before + 3)
    await sender.dynamodb.messages.enqueue({ recipient: 'cut', messageType: 'ping' })
    expect((await receiving).messages).toHaveLength(1)
    receiving = receive()
    await proxy.pass()
    await until(async () => logger.of('db.listener_back').length === 1)
    await sender.dynamodb.messages.enqueue({ recipient: 'cut', messageType: 'ping' })
    expect((await receiving).messages).toHaveLength(1)
    expect(logger.of('db.listener_lost')).toHaveLength(1)
    expect(logger.text).not.toContain(new URL(database.serviceDatabaseUrl).password)
    await lease.release()
  })
})
