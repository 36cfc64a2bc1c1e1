import {
  createTestDatabase,
  dynamodbEndpoint,
  patience,
  sql,
  type TestDatabase,
  tablePrefix,
  until,
} from '@miyabi/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { miyabi, type Result, stackFolder, start } from './miyabi.js'

const { folder, remove } = stackFolder()
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
  }
  expect((await miyabi(folder, ['tables', 'apply'], env)).code).toBe(0)
})
afterAll(async () => {
  await database.drop()
  await remove()
})
beforeEach(() => sql(database.directDatabaseUrl, 'TRUNCATE outbox, outbox_dead'))

const ID = '0193a1c2-7f00-7000-8000-000000000001'
const write = (payload: object): Promise<unknown[]> =>
  sql(database.directDatabaseUrl, `INSERT INTO outbox (id, topic, payload) VALUES ($1, 'messages.enqueue', $2)`, [
    ID,
    JSON.stringify(payload),
  ])
const run = (line: string): Promise<Result> => miyabi(folder, line.split(' '), env)
const good = { recipient: 'r', messageType: 'ping' }
const bad = { recipient: 'r', messageType: 'none of them' }

describe('miyabi relay --once', () => {
  it('carries out what there is, prints the figures and ends with 0', async () => {
    await write(good)
    const { code, stdout } = await run('relay --once --json')
    expect(JSON.parse(stdout)).toMatchObject({
      drained: true,
      topics: { 'messages.enqueue': { delivered: 1, dead: 0 } },
    })
    expect(code).toBe(0)
    expect(await run('outbox status')).toMatchObject({ code: 0 })
  })

  it('ends with 2 where rows went to the dead letters, which can be listed, given another chance, and deleted', async () => {
    await write(bad)
    expect(await run('relay --once')).toMatchObject({ code: 2 })
    const dead = await run('outbox dead --json')
    expect(dead.code).toBe(2)
    expect(JSON.parse(dead.stdout)).toMatchObject([
      { id: ID, topic: 'messages.enqueue', attempts: 1, actor: 'service' },
    ])
    expect(dead.stdout).not.toContain('none of them')
    expect((await run('outbox dead')).stdout).toContain(ID)
    const status = await run('outbox status --json')
    expect({ code: status.code, ...JSON.parse(status.stdout) }).toMatchObject({ code: 2, depth: 0, dead: 1, relays: 0 })
    expect(await run(`outbox retry ${ID}`)).toMatchObject({ code: 0, stdout: '1 queued again.\n' })
    expect(await run(`outbox retry ${ID}`)).toMatchObject({ code: 2 })
    expect(JSON.parse((await run('outbox status --json')).stdout)).toMatchObject({ depth: 1, dead: 0 })
    expect(await run('relay --once')).toMatchObject({ code: 2 })
    expect(await run('outbox discard all --json')).toMatchObject({ code: 0, stdout: '{\n  "count": 1\n}\n' })
    expect(await run('outbox dead')).toMatchObject({ code: 0 })
  })

  it('tells nothing of rows for later as long as they are for later', async () => {
    await write(good)
    await sql(
      database.directDatabaseUrl,
      "UPDATE outbox SET due_at = now() + interval '1 hour', created_at = now() - interval '1 hour'",
    )
    const json = await run('outbox status --json')
    expect(JSON.parse(json.stdout)).toMatchObject({ depth: 1, later: 1, lagMs: 0, relays: 0 })
    expect(json.code).toBe(0)
    await sql(database.directDatabaseUrl, "UPDATE outbox SET due_at = now() - interval '1 second'")
    const due = await run('outbox status --json')
    expect(JSON.parse(due.stdout)).toMatchObject({ depth: 1, later: 0 })
    expect((JSON.parse(due.stdout) as { readonly lagMs: number }).lagMs).toBeLessThan(1_800_000)
    expect(due.code).toBe(2)
  })

  it('refuses what is no id', async () => {
    expect(await run('outbox discard everything')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cli.usage'),
    })
  })
})

describe('miyabi streams', () => {
  it('lists what consumers could not handle, asks them to try it once more, and deletes it', async () => {
    await sql(
      database.directDatabaseUrl,
      `INSERT INTO stream_dead (id, consumer, stream, shard, sequence, record, code, message)
       VALUES ($1, 'usage', 'arn', 'shard', '7', '{"secret": 1}', 'postgres.check_violation', 'refused')`,
      [ID],
    )
    const dead = await run('streams dead --json')
    expect(JSON.parse(dead.stdout)).toMatchObject([{ id: ID, consumer: 'usage', sequence: '7', retryAt: null }])
    expect({ code: dead.code, told: dead.stdout.includes('secret') }).toEqual({ code: 2, told: false })
    expect(await run(`streams retry ${ID} --json`)).toMatchObject({ code: 0, stdout: '{\n  "count": 1\n}\n' })
    expect((await run('streams dead')).stdout).toMatch(
      /retry queued\n.*usage .*Z\n {4}postgres\.check_violation: refused/,
    )
    expect(await run('streams discard all')).toMatchObject({ code: 0, stdout: '1 deleted.\n' })
    expect(await run('streams discard all')).toMatchObject({ code: 2 })
    expect(await run('streams dead --json')).toMatchObject({ code: 0, stdout: '[]\n' })
  })
})

describe('miyabi relay', () => {
  it('goes on until SIGTERM, serves metrics meanwhile, and ends with 0', async () => {
    expect(await run('relay --metrics-port 99999')).toMatchObject({ code: 1, stderr: expect.stringContaining('65535') })
    const { child, result } = start(folder, ['relay', '--metrics-port', '0', '--json'], env)
    child.stdin?.end()
    let said = ''
    child.stderr?.on('data', (text) => (said += text))
    await until(async () => (await run('outbox status --json')).stdout.includes('"unheld": 0'))
    await write(good)
    await until(async () => (await sql(database.directDatabaseUrl, 'SELECT FROM outbox')).length === 0)
    const [url = ''] = /http:\S+\/metrics/.exec(said) ?? []
    const scraped = async () => (await fetch(url)).text()
    // Which a scrape leaves out where the database did not answer it within a second.
    await expect.poll(scraped).toMatch(/^miyabi_outbox_relays 1$/m)
    expect(await scraped()).toMatch(/^miyabi_outbox_delivered_total\{.*messages\.enqueue.*\} 1$/m)
    child.kill('SIGTERM')
    const { code, stdout } = await result
    expect(JSON.parse(stdout)).toMatchObject({ topics: { 'messages.enqueue': { delivered: 1 } } })
    expect(code).toBe(0)
    expect(await sql(database.directDatabaseUrl, 'SELECT FROM outbox_partitions WHERE holder IS NOT NULL')).toEqual([])
  })
})
