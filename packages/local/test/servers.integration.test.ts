import { readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import type { LogFields } from '@miyabi/core'
import { describe, expect, it } from 'vitest'
import { acquireStack } from '../src/index.js'
import { createTable, dynamodb, dynamodbEndpoint, query } from './support/clients.js'
import { processOf } from './support/processes.js'
import { useStackFolder } from './support/stack-folder.js'

const folder = useStackFolder()

describe('the PostgreSQL server', () => {
  it('speaks UTC, sorts by C.UTF-8, flushes commits, and listens on loopback only', async () => {
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

  it('gives the application rows but not tables, also after the schema was made anew and in another database', async () => {
    await using stack = await acquireStack({ folder })
    const { databaseUrl, directDatabaseUrl } = stack.descriptor.postgres
    await query(
      directDatabaseUrl,
      'DROP SCHEMA public CASCADE',
      'CREATE SCHEMA public',
      'CREATE TABLE notes (id serial, body text)',
    )
    expect(await query(databaseUrl, "INSERT INTO notes (body) VALUES ('x') RETURNING id")).toEqual([{ id: 1 }])
    await expect(query(databaseUrl, 'DROP TABLE notes')).rejects.toThrow('must be owner of table notes')
    await expect(query(databaseUrl, 'CREATE TABLE mine (id int)')).rejects.toThrow(
      'permission denied for schema public',
    )
    const roles = `SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = 'miyabi_app'`
    expect(await query(databaseUrl, roles)).toEqual([
      { rolsuper: false, rolcreatedb: false, rolcreaterole: false, rolbypassrls: false },
    ])
    await query(directDatabaseUrl, 'DROP DATABASE IF EXISTS another', 'CREATE DATABASE another')
    const another = (url: string): string => url.replace(/\/miyabi$/, '/another')
    await query(another(directDatabaseUrl), 'CREATE TABLE notes (id int)')
    expect(await query(another(databaseUrl), 'SELECT count(*)::int AS count FROM notes')).toEqual([{ count: 0 }])
  })

  it('keeps its passwords in files that only their owner can read', async () => {
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
  })
})

describe('the DynamoDB engine', () => {
  it('really removes expired items, and only those', async () => {
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
    await expect.poll(ids, { timeout: 15_000, interval: 200 }).toMatchObject([{ id: { S: 'not over' } }])
  })
})

describe('a port that somebody else took meanwhile', () => {
  it('is replaced by another, and the log says so', async () => {
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
        `port ${port} is taken: postgres takes another`,
      )
    } finally {
      somebody.close()
    }
  })

  it('is waited for when the server only restarts: URLs that were handed out stay true', async () => {
    const heard: LogFields[] = []
    const listen = (fields: LogFields): void => void heard.push(fields)
    const logger = { debug: listen, info: listen, warn: listen, error: listen }
    await using stack = await acquireStack({ folder, logger })
    const endpoint = dynamodbEndpoint(stack.descriptor)
    const { port } = new URL(endpoint)
    process.kill(processOf(folder, 'dynamodb.db'), 'SIGKILL')
    const somebody = createServer((socket) => socket.destroy())
    await expect
      .poll(
        () =>
          new Promise((resolve) =>
            somebody.once('error', () => resolve(false)).listen(Number(port), '127.0.0.1', () => resolve(true)),
          ),
      )
      .toBe(true)
    await expect.poll(() => heard.some(({ server }) => server === 'dynamodb')).toBe(true)
    somebody.close()
    await expect
      .poll(
        () =>
          fetch(endpoint).then(
            ({ ok }) => ok,
            () => false,
          ),
        { timeout: 15_000 },
      )
      .toBe(true)
  })
})
