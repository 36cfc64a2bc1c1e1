import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import path from 'node:path'
import type { LogFields } from '@miyabi/core'
import { describe, expect, it } from 'vitest'
import { acquireStack } from '../src/index.js'
import { createTable, dynamodb, dynamodbEndpoint, query } from './support/clients.js'
import { Holder } from './support/holder.js'
import { processOf } from './support/processes.js'
import { useStackFolder } from './support/stack-folder.js'

const folder = useStackFolder()

describe('the PostgreSQL server', () => {
  it('uses UTC, sorts by C.UTF-8, flushes commits, and listens on loopback only', async () => {
    await using stack = await acquireStack({ folder })
    const { databaseUrl, port } = stack.descriptor.postgres
    const settings = `SELECT current_setting('timezone') AS zone, current_setting('fsync') AS fsync,
      current_setting('listen_addresses') AS addresses,
      current_setting('max_connections') AS connections, current_setting('data_checksums') AS checksums,
      (SELECT datlocale FROM pg_database WHERE datname = current_database()) AS locale`
    expect(await query(databaseUrl, settings)).toEqual([
      {
        zone: 'UTC',
        fsync: 'on',
        addresses: '127.0.0.1',
        connections: '200',
        checksums: 'on',
        locale: 'C.UTF-8',
      },
    ])
    await expect(query(`postgresql://postgres@127.0.0.1:${port}/postgres`)).rejects.toThrow(/password|SASL/)
  })

  it('lets each login assume its roles, and grants it nothing else', async () => {
    await using stack = await acquireStack({ folder })
    const { databaseUrl, directDatabaseUrl, serviceDatabaseUrl } = stack.descriptor.postgres
    await query(directDatabaseUrl, 'CREATE TABLE notes (id serial, body text)')
    for (const url of [databaseUrl, serviceDatabaseUrl]) {
      await expect(query(url, 'SELECT FROM notes')).rejects.toThrow('permission denied for table notes')
      await expect(query(url, 'CREATE TABLE mine (id int)')).rejects.toThrow('permission denied for schema public')
    }
    const become = (role: string): string[] => [`SET ROLE ${role}`, 'SELECT current_user AS now']
    for (const role of ['miyabi_user', 'miyabi_web_user']) {
      expect(await query(databaseUrl, ...become(role))).toEqual([{ now: role }])
      await expect(query(serviceDatabaseUrl, ...become(role))).rejects.toThrow('permission denied to set role')
    }
    expect(await query(serviceDatabaseUrl, ...become('miyabi_service'))).toEqual([{ now: 'miyabi_service' }])
    for (const role of ['miyabi_service', 'miyabi_owner', 'miyabi_definer', 'miyabi_migrator']) {
      await expect(query(databaseUrl, ...become(role))).rejects.toThrow('permission denied to set role')
    }
    const logins = `SELECT rolname, rolinherit FROM pg_roles WHERE rolcanlogin AND NOT rolsuper
      AND NOT (rolbypassrls OR rolreplication) AND (rolcreaterole OR rolcreatedb) = (rolname = 'miyabi_migrator') ORDER BY 1`
    expect(await query(directDatabaseUrl, logins)).toEqual([
      { rolname: 'miyabi_app', rolinherit: false },
      { rolname: 'miyabi_backend', rolinherit: false },
      { rolname: 'miyabi_migrator', rolinherit: true },
    ])
    const groups = `SELECT rolname FROM pg_roles WHERE rolname LIKE 'miyabi%' AND NOT rolcanlogin ORDER BY 1`
    expect(await query(directDatabaseUrl, groups)).toEqual(
      ['definer', 'owner', 'service', 'user', 'web_user'].map((name) => ({ rolname: `miyabi_${name}` })),
    )
  })

  it("adds the service's login to data from before it existed, and keeps the data", async () => {
    const kept = await (async () => {
      await using stack = await acquireStack({ folder })
      await query(stack.descriptor.postgres.directDatabaseUrl, 'CREATE TABLE kept (id int)')
      const { databaseUrl } = stack.descriptor.postgres
      return {
        credentials: path.join(stack.descriptor.dataDir, 'credentials.json'),
        password: new URL(databaseUrl).password,
      }
    })()
    const { migrator, application } = JSON.parse(readFileSync(kept.credentials, 'utf8')) as Record<string, string>
    writeFileSync(kept.credentials, JSON.stringify({ migrator, application }))
    await using stack = await acquireStack({ folder })
    const { databaseUrl, directDatabaseUrl, serviceDatabaseUrl } = stack.descriptor.postgres
    expect(new URL(databaseUrl).password).not.toBe(kept.password) // older passwords were shared
    expect(await query(serviceDatabaseUrl, 'SELECT current_user AS login')).toEqual([{ login: 'miyabi_backend' }])
    expect(await query(directDatabaseUrl, 'SELECT count(*)::int AS rows FROM kept')).toEqual([{ rows: 0 }])
  })

  it('stores its passwords in files that only their owner can read', async () => {
    await using stack = await acquireStack({ folder })
    const { pathname, password } = new URL(stack.descriptor.postgres.databaseUrl)
    expect(pathname).toBe('/miyabi')
    for (const file of [path.join(folder, 'stack.json'), path.join(stack.descriptor.dataDir, 'credentials.json')]) {
      expect(readFileSync(file, 'utf8')).toContain(password)
      if (process.platform !== 'win32') expect(statSync(file).mode & 0o077).toBe(0)
    }
    for (const log of ['supervisor.log', 'postgres.log', 'dynamodb.log']) {
      expect(readFileSync(path.join(folder, log), 'utf8')).not.toContain(password)
    }
    const owner = readdirSync(folder).find((name) => name.startsWith('owner.')) ?? ''
    const { port } = JSON.parse(readFileSync(path.join(folder, owner), 'utf8')) as { port: number }
    const asPage = fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: '{"type":"unhold"}\n' })
    await expect(asPage, 'the supervisor answers who does not begin with its token').rejects.toThrow()
  })
})

describe('the DynamoDB engine', () => {
  // It answers every caller, with any signature and Origin.
  if (process.platform === 'linux') {
    it('listens where no web page can guess it, and at the same address after a restart', async () => {
      const endpoints: URL[] = []
      for (const _start of [1, 2]) {
        await using stack = await acquireStack({ folder })
        endpoints.push(new URL(dynamodbEndpoint(stack.descriptor)))
      }
      const [first, second] = endpoints
      expect(first?.hostname).toMatch(/^127\.(?!0\.)\d+\.\d+\.\d+$/)
      expect(second?.href).toBe(first?.href)
      const guessed = connect({ host: '127.0.0.1', port: Number(first?.port) })
      await expect(once(guessed, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    })
  }

  it('removes expired items, and only those', async () => {
    await using stack = await acquireStack({ folder })
    const { descriptor } = stack
    await createTable(descriptor, 'expiring')
    await dynamodb(descriptor, 'UpdateTimeToLive', {
      TableName: 'expiring',
      TimeToLiveSpecification: { AttributeName: 'expires_at', Enabled: true },
    })
    const put = (id: string, inSeconds: number) =>
      dynamodb(descriptor, 'PutItem', {
        TableName: 'expiring',
        Item: { id: { S: id }, expires_at: { N: String(Math.floor(Date.now() / 1000) + inSeconds) } },
      })
    await put('over', -10)
    await put('not over', 3600)
    const ids = async () => (await dynamodb(descriptor, 'Scan', { TableName: 'expiring' })).Items
    await expect.poll(ids, { interval: 200 }).toMatchObject([{ id: { S: 'not over' } }])
  })
})

describe('a port that was taken in the meantime', () => {
  it('is replaced by another, and the change is logged', async () => {
    const first = await acquireStack({ folder })
    const { port } = first.descriptor.postgres
    await first.close()
    const somebody = createServer().listen(port, '127.0.0.1')
    try {
      await new Promise((resolve) => somebody.once('listening', resolve))
      await using stack = await acquireStack({ folder })
      expect(stack.descriptor.postgres.port).not.toBe(port)
      expect(await query(stack.descriptor.postgres.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
      expect(readFileSync(path.join(folder, 'supervisor.log'), 'utf8')).toContain(
        `port ${port} is taken: postgres uses another`,
      )
    } finally {
      somebody.close()
    }
  })

  it('is waited for if the server only restarts: published URLs stay valid', async () => {
    const heard: LogFields[] = []
    const listen = (fields: LogFields): void => void heard.push(fields)
    const logger = { debug: listen, info: listen, warn: listen, error: listen }
    await using stack = await acquireStack({ folder, logger })
    const endpoint = dynamodbEndpoint(stack.descriptor)
    const { port, hostname } = new URL(endpoint)
    const supervisor = processOf(folder, path.join('supervisor', 'main.cjs'))
    process.kill(supervisor, 'SIGSTOP') // otherwise it may restart the server before the port is taken
    process.kill(processOf(folder, 'dynamodb.db'), 'SIGKILL')
    const somebody = createServer((socket) => socket.destroy())
    await expect
      .poll(
        () =>
          new Promise((resolve) =>
            somebody.once('error', () => resolve(false)).listen(Number(port), hostname, () => resolve(true)),
          ),
      )
      .toBe(true)
    process.kill(supervisor, 'SIGCONT')
    await expect.poll(() => heard.some(({ server }) => server === 'dynamodb')).toBe(true)
    somebody.close()
    await expect
      .poll(() =>
        fetch(endpoint).then(
          ({ ok }) => ok,
          () => false,
        ),
      )
      .toBe(true)
  })
})

describe.runIf(process.platform === 'linux')('setpriv', () => {
  it('of another package, which knows no death signal: both servers start without it', async () => {
    const bin = path.join(folder, 'bin')
    mkdirSync(bin)
    const script = `#!/bin/sh\necho "setpriv: unrecognized option '--pdeathsig'" >&2\nexit 1\n`
    writeFileSync(path.join(bin, 'setpriv'), script, { mode: 0o755 })
    const holder = new Holder(folder, { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` })
    const descriptor = await holder.up()
    expect(await query(descriptor.postgres.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(await dynamodb(descriptor, 'ListTables', {})).toHaveProperty('TableNames')
    expect(readFileSync(path.join(folder, 'postgres.log'), 'utf8')).toContain('unrecognized option')
    await holder.close()
  })
})
