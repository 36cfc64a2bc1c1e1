import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseContext } from '@miyabi/db'
import { createPool, parsePostgresSettings } from '@miyabi/postgres'
import { createTestDatabase, dynamodbEndpoint, patience, startDynamoProxy, tablePrefix } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { pageNamed, readPages } from './docs/pages.js'
import { root } from './workspace.js'

const pages = readPages()

describe('the database design', () => {
  const { blocks, code } = pageNamed(pages, 'docs/DATABASE_DESIGN.md')

  it('shows SQL that runs on the real schema, and indexes that it has', async () => {
    await using database = await createTestDatabase()
    const settings = { DATABASE_URL: database.directDatabaseUrl, DB_MAX_CONNECTIONS: '1' }
    await using pool = createPool(parsePostgresSettings(settings))
    const statements = blocks
      .filter(({ language }) => language === 'sql')
      .flatMap(({ text }) => text.split(/;$/m))
      .filter((statement) => /^[A-Z]/m.test(statement))
    expect(statements.length).toBeGreaterThan(5)
    for (const statement of statements) await pool.query(statement)

    const { rows } = await pool.query<{ indexname: string }>('SELECT indexname FROM pg_indexes')
    const known = new Set(rows.map(({ indexname }) => indexname))
    const named = code.flatMap((text) => text.match(/^\w+_(?:idx|key)$/) ?? [])
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })
})

describe('the set-up guide', () => {
  const [application = '', streams = '', creation = ''] = pageNamed(pages, 'docs/DATABASE_SETUP_GUIDE.md')
    .blocks.filter(({ language }) => language === 'json')
    .map(({ text }) => text)
  const rights = (policy: string): string[] =>
    [...new Set(policy.match(/(?<=(dynamodb|application-autoscaling):)[A-Z][a-z]\w+/g))].sort()

  it('grants an application what it calls, no less and no more', async () => {
    await using proxy = await startDynamoProxy(dynamodbEndpoint(), () => 'pass')
    await using db = await DatabaseContext.fromEnv({
      env: {
        DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
        DB_MIN_CONNECTIONS: '0',
        DYNAMODB_ENDPOINT: proxy.endpoint,
        DYNAMODB_TABLE_PREFIX: tablePrefix(),
        ...patience,
      },
    })
    const { tables, events, agentState, messages } = db.dynamodb
    await db.healthCheck() // which asks, when a table is missing, for each
    const whileMissing = [...proxy.requests]
    await tables.apply()
    proxy.forget()

    await db.healthCheck()
    const event = { eventType: 'webhook', userId: 'u', repositoryId: 'r' } as const
    const { id } = await events.append(event)
    await events.appendMany([event])
    await events.get('webhook', id)
    await Promise.all([events.byType('webhook', { from: new Date() }), events.byUser('u'), events.byRepository('r')])
    const running = await agentState.save({ agentId: 'a', status: 'running', expectedVersion: 0 })
    const { version } = await agentState.save({ agentId: 'a', status: 'failed', expectedVersion: running.version })
    await agentState.restart({ agentId: 'a', expectedVersion: version })
    await Promise.all([agentState.current('a'), agentState.history('a')])
    const { messageId } = await messages.enqueue({ recipient: 'u', messageType: 'ping', payload: {} })
    await messages.undelivered('u')
    await messages.acknowledge('u', messageId)

    // A transaction needs the rights of its parts, and ours are puts.
    const called = [...whileMissing, ...proxy.requests].map(({ operation }) =>
      operation === 'TransactWriteItems' ? 'PutItem' : operation,
    )
    expect(rights(application)).toEqual([...new Set(called)].sort())
  })

  /** What the sources in a folder call. */
  const calledIn = (folder: string): ReadonlySet<string> => {
    const sources = readdirSync(path.join(root, folder)).filter((name) => name.endsWith('.ts'))
    return new Set(
      sources.flatMap(
        (name) =>
          readFileSync(path.join(root, folder, name), 'utf8').match(/(?<=new (?:sdk\.)?)[A-Z]\w+(?=Command\()/g) ?? [],
      ),
    )
  }

  it('grants whoever creates the tables what that calls', () => {
    expect(rights(creation)).toEqual([...calledIn('packages/dynamo/src/tables')].sort())
  })

  it('grants whoever consumes streams what that calls', () => {
    const called = [...calledIn('packages/dynamo/src/streams')]
    const more = called.filter((name) => !rights(application).includes(name))
    expect(rights(streams)).toEqual(more.sort())
  })
})
