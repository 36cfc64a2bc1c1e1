import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { createTestDatabase, databasesRunning, sql, until } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandReference } from '../src/reference.js'
import { bin, migratorUrl, miyabi, spawnMiyabi, stackFolder, start } from './miyabi.js'

const { folder, remove } = stackFolder()
afterAll(remove)

const statusOf = async (): Promise<Record<string, unknown>> =>
  JSON.parse((await miyabi(folder, ['status', '--json'])).stdout) as Record<string, unknown>

const NOWHERE = 'postgresql://nobody:secret-word@127.0.0.1:1/miyabi'

describe('miyabi', () => {
  it('lists its commands in plain text to a pipe', async () => {
    const { code, stdout } = await spawnMiyabi(folder, ['--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/USAGE[\s\S]*up[\s\S]*down[\s\S]*status[\s\S]*tables[\s\S]*prisma[\s\S]*pool[\s\S]*slow/)
    expect(stdout).not.toContain('\u001B')
  })

  it('ends with 1 and an empty stdout when it refuses', async () => {
    const { code, stdout, stderr } = await spawnMiyabi(folder, ['status', '--jsno'])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe('error cli.usage\nUnknown option --jsno; did you mean --json?\n')
  })

  it('is silent when its reader has seen enough, as in a pipe to head', async () => {
    const child = spawn(process.execPath, [bin, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    const ended = once(child, 'close')
    expect(await text(child.stderr)).toBe('')
    expect(await ended).toEqual([0, null])
  })

  it('loads neither drivers nor Prisma nor the AWS SDK to say how it is used', async () => {
    const hook = `export async function load(url, context, next) { process._rawDebug(url); return next(url, context) }`
    const list = `import { register } from 'node:module'; register('data:text/javascript,${encodeURIComponent(hook)}')`
    const { stderr } = await spawnMiyabi(folder, ['migrate', 'drift', '--help'], {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(list)}`,
    })
    expect(stderr).toMatch(/packages\/cli\/dist\/commands\/migrate-drift\.js/)
    expect(stderr).not.toMatch(/node_modules\/(pg|libpg-query|prisma|@prisma|@aws-sdk|electrodb)\//)
  })

  it('names a folder that cannot be used, without a stack trace', async () => {
    const { code, stderr } = await miyabi('/dev/null/stack', ['up'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/error (local\.\w+|ENOTDIR)/)
    expect(stderr).toContain('/dev/null')
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})

describe('--json', () => {
  /** What a command needs beside `--json`; one that is absent needs nothing. */
  const ARGUMENTS: Readonly<Record<string, string>> = {
    'migrate down': '20990101000000_none',
    'outbox retry': 'all',
    'outbox discard': 'all',
    'streams retry': 'all',
    'streams discard': 'all',
    'backup restore': 'latest',
    relay: '--once',
  }
  /** What hands everything on, needs no store, or does long work before it asks one: other tests run these. */
  const NOT_HERE = new Set(['prisma', 'up', 'migrate new', 'migrate lint'])
  const NO_STORES = { DATABASE_URL: NOWHERE, DIRECT_DATABASE_URL: NOWHERE, DYNAMODB_ENDPOINT: 'http://127.0.0.1:1' }

  it('gives one document on stdout for every command, also where no store answers, and no secret', async () => {
    for (const { name } of await commandReference()) {
      if (NOT_HERE.has(name)) continue
      const args = [...name.split(' '), ...(ARGUMENTS[name]?.split(' ') ?? []), '--json']
      const { code, stdout, stderr } = await miyabi(folder, args, NO_STORES)
      expect(() => JSON.parse(stdout), `${name}: ${stdout}`).not.toThrow()
      expect('error' in JSON.parse(stdout) ? code : 1, name).not.toBe(0)
      expect(stdout + stderr, name).not.toContain('secret-word')
    }
  })
})

describe('miyabi up, status, down', () => {
  it('reports that no stack is up', async () => {
    expect(await miyabi(folder, ['status'])).toMatchObject({ code: 0, stdout: expect.stringContaining('pnpm db:up') })
    expect(await statusOf()).toEqual({ up: false, folder })
    expect(await miyabi(folder, ['status', '--exit-code'])).toMatchObject({ code: 2 })
    expect(await miyabi(folder, ['down'])).toMatchObject({ code: 0, stdout: 'No embedded stack is up.\n' })
  })

  it('starts it, keeps it up after the command has ended, and stops it', async () => {
    const started = await spawnMiyabi(folder, ['up'])
    expect(started).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^(starting the embedded stack \.\.\.\n)?$/), // if it takes a second
    })
    expect(started.stdout).toMatch(
      /PostgreSQL \d+\.\d+[\s\S]*postgresql:\/\/miyabi_app:\*\*\*@127\.0\.0\.1:\d+\/miyabi/,
    )

    expect(await miyabi(folder, ['up'])).toMatchObject({ code: 0, stderr: 'the embedded stack is already up\n' })
    expect(await statusOf()).toMatchObject({
      up: true,
      held: true,
      leases: 0,
      postgres: { databaseUrl: expect.stringContaining(':***@'), bytes: expect.any(Number) },
    })
    const shown = await miyabi(folder, ['status', '--json', '--show-passwords'])
    expect(shown.stdout).not.toContain('***')

    expect(await miyabi(folder, ['down'])).toMatchObject({ code: 0, stdout: expect.stringContaining('has stopped') })
    expect(await statusOf()).toEqual({ up: false, folder })
  })
})

describe('miyabi prisma', () => {
  it('migrates the embedded stack with nothing running and nothing set, and leaves nothing running', async () => {
    const { code, stdout, stderr } = await miyabi(folder, ['prisma', 'migrate', 'deploy'])
    expect({ code, said: stderr.includes('using the embedded stack') }, stderr).toEqual({ code: 0, said: true })
    expect(stdout).toContain('All migrations have been successfully applied')
    expect(await statusOf()).toMatchObject({ up: false })
  })

  it('starts nothing for a command that needs no database, and ends as Prisma does', async () => {
    // Prisma's own 2: there is a difference.
    const diff = ['migrate', 'diff', '--from-empty', '--to-schema', 'prisma/schema', '--exit-code']
    const { code, stderr } = await miyabi(folder, ['prisma', ...diff])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.not.stringContaining('stack') })
  })

  it('starts nothing where a URL is set, or in production', async () => {
    const [given, production] = await Promise.all([
      miyabi(folder, ['prisma', 'migrate', 'status'], { DATABASE_URL: NOWHERE }),
      miyabi(folder, ['prisma', 'migrate', 'status'], { NODE_ENV: 'production' }),
    ])
    expect(given).toMatchObject({ code: 1, stderr: expect.stringContaining('P1001') })
    expect(production).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('in which the embedded database is not used; set DIRECT_DATABASE_URL'),
    })
    for (const { stdout, stderr } of [given, production]) {
      expect(stdout + stderr).not.toMatch(/secret-word|using the embedded stack/)
    }
  })

  it('hands input on, and ends with the signal that ends it', async () => {
    const { child, result } = start(folder, ['prisma', 'db', 'execute', '--stdin'])
    child.stdin?.end('SELECT pg_sleep(60)')
    await expect.poll(async () => (await statusOf())['leases']).toBe(1)
    const url = await migratorUrl(folder)
    await until(async () => (await databasesRunning(url, 'pg_sleep(60)')).length > 0)
    child.kill('SIGTERM')
    expect(await result).toMatchObject({ code: 143 })
    expect(await statusOf()).toMatchObject({ up: false })
  })
})

describe('miyabi tables', () => {
  const tables = (...args: string[]) => miyabi(folder, ['tables', ...args])

  it('works on the embedded stack with nothing running, and leaves nothing running', async () => {
    const missing = await tables('status')
    expect(missing).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/MiyabiEvents +absent[\s\S]*`pnpm db:tables apply`/),
    })
    expect(missing.stderr).toContain('DynamoDB: embedded stack, http://')
    expect(await statusOf()).toMatchObject({ up: false })
  })

  describe('with the stack up', () => {
    beforeAll(async () => {
      expect((await miyabi(folder, ['up'])).code).toBe(0)
    })

    it('creates the tables, and tells how they are', async () => {
      expect(await tables('plan')).toMatchObject({
        code: 2,
        stdout: expect.stringContaining('MiyabiEvents: create the table\n'),
      })
      const applied = await tables('apply')
      expect(applied).toMatchObject({ code: 0, stdout: expect.stringContaining('done: 6 steps\n') })
      expect(applied.stderr).toContain('MiyabiEvents: create the table\n')

      // What nobody can tell there is said, and is no finding.
      const plan = await tables('plan')
      expect(plan).toMatchObject({ code: 0, stdout: expect.stringMatching(/^nothing to do\n/) })
      expect(plan.stdout).toContain('MiyabiAgentState, unverifiable here: point-in-time recovery, auto scaling')
      const again = JSON.parse((await tables('apply', '--json')).stdout) as object
      expect(again).toMatchObject({ done: [], unverifiable: expect.any(Array) })
      const status = await tables('status', '--json')
      expect({ code: status.code, ...(JSON.parse(status.stdout) as object) }).toMatchObject({
        code: 0,
        missing: [],
        differences: [],
      })
    })
  })

  it('exports them without a server, under the names of the environment', async () => {
    const env = { DYNAMODB_TABLE_PREFIX: 'staging_' }
    const [cloudFormation, terraform] = await Promise.all([
      miyabi(folder, ['tables', 'export'], env),
      miyabi(folder, ['tables', 'export', '--format=terraform'], env),
    ])
    expect(cloudFormation).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(cloudFormation.stdout)).toHaveProperty(
      'Resources.MiyabiEvents.Properties.TableName',
      'staging_MiyabiEvents',
    )
    expect(terraform).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(terraform.stdout)).toHaveProperty(
      'resource.aws_dynamodb_table.miyabi_events.name',
      'staging_MiyabiEvents',
    )
  })

  it('goes where the environment says, and names that server when it does not answer', async () => {
    const { code, stderr } = await miyabi(folder, ['tables', 'status'], { DYNAMODB_ENDPOINT: 'http://127.0.0.1:1' })
    expect(code).toBe(1)
    expect(stderr).toContain('DynamoDB: http://127.0.0.1:1\nerror dynamo.unreachable')
    expect(stderr).toMatch(/\ncause: connect ECONNREFUSED 127.0.0.1:1\n$/)
    expect(stderr).not.toContain('embedded stack')
  })
})

describe('miyabi pool', () => {
  const pool = (instances: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
    miyabi(folder, ['pool', ...args], { DB_INSTANCES: instances, DB_MAX_CONNECTIONS: '20', ...env })

  it("ends with 0 where the pools of all instances fit into the server, and shows the sum, the service's pool included", async () => {
    const { code, stdout, stderr } = await pool('1')
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^1 x \(20 \+ 1 \+ 5 \+ 1\) \+ 10 = 37 connections/),
    })
    expect(stderr).toContain('PostgreSQL: embedded stack')
  })

  it('ends with 2 where they do not, and says what would', async () => {
    await using database = await createTestDatabase({ empty: true })
    const env = { DATABASE_URL: database.databaseUrl }
    const { code, stdout } = await pool('1000', ['--json'], env)
    const advice = JSON.parse(stdout) as { fits: boolean; needed: number; advice: string }
    expect({ code, ...advice }).toMatchObject({ code: 2, fits: false, needed: 1000 * (20 + 1) + 10 })
    expect((await pool('1000', [], env)).stdout).toBe(`${advice.advice}\n`)
  })

  it('ends with 1 where it could not tell, and names the server', async () => {
    const { code, stdout, stderr } = await miyabi(folder, ['pool'], { DATABASE_URL: NOWHERE })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('PostgreSQL: 127.0.0.1:1\nerror postgres.unreachable')
    expect(stderr).not.toContain('secret-word')
  })
})

describe('miyabi slow', () => {
  const slow = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
    miyabi(folder, ['slow', ...args], env)
  const SLEEP = 'SELECT pg_sleep($1), count(*) FROM (VALUES ($2) /*, ... */) v(x)'

  beforeAll(async () => {
    const url = await migratorUrl(folder)
    await sql(url, "SET ROLE miyabi_service; SELECT pg_sleep(0.05), count(*) FROM (VALUES ('S3cret'), ('b')) v(x)")
  })

  it('lists what the embedded server spent its time on, without values, and ends with 2 where a statement is slow', async () => {
    const { code, stdout, stderr } = await slow(['--slow-ms', '40'])
    expect(code).toBe(2)
    expect(stderr).toContain('PostgreSQL: embedded stack\n')
    expect(stdout).toMatch(/^Recorded since 20.*Z, most time first:\n\n *total +calls +mean +max +rows +as +id\n/)
    expect(stdout).toMatch(/ ms +1 +\d+ ms +\d+ ms +1 +miyabi_service +[\da-f]{16} +slow\n/)
    expect(stdout).toContain(`    ${SLEEP}`)
    expect(stdout).not.toContain('S3cret')
    expect(await slow(['--slow-ms', '60000'])).toMatchObject({ code: 0 })
  })

  it('gives all of it to a program, and the plan of a statement by its id', async () => {
    const { statements } = JSON.parse((await slow(['--json', '--limit', '500'])).stdout) as {
      statements: { id: string; statement: string; role: string }[]
    }
    expect(new Set(statements.map(({ role }) => role))).toEqual(new Set(['miyabi_service']))
    const { id = '' } = statements.find(({ statement }) => statement === SLEEP) ?? {}
    const plan = await slow(['--explain', id])
    expect(plan).toMatchObject({ code: 0, stdout: expect.stringMatching(/pg_sleep\(\$1\)[\s\S]*\nAggregate /) })
    expect((await slow(['--json', '--all'])).stdout).toContain('"role": "miyabi_migrator"')
  })

  it('plans as a person, who is held to the policies', async () => {
    const { stdout } = await slow(['--explain', 'SELECT id FROM repositories', '--role', 'miyabi_web_user', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      role: 'miyabi_web_user',
      lines: expect.arrayContaining([expect.stringMatching(/Cond: \(user_id = /)]),
    })
  })

  it('makes no plan in production unless that is allowed', async () => {
    const env = { NODE_ENV: 'production', DIRECT_DATABASE_URL: await migratorUrl(folder) }
    expect(await slow(['--explain', 'SELECT 1'], env)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/error cli\.plan_in_production\n.*--allow-production/),
    })
    expect(await slow(['--explain', 'SELECT 1', '--allow-production'], env)).toMatchObject({ code: 0 })
  })

  it.each([
    [['--limit', 'many'], 'cli.usage'],
    [['--explain', 'SELECT 1; SELECT 2'], 'migrate.plan_refused'],
    [['--explain', '0123456789abcdef'], 'migrate.statement_unknown'],
  ])('ends with 1 at %j', async (args, error) => {
    const { code, stdout, stderr } = await slow(args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`error ${error}\n`)
  })
})
