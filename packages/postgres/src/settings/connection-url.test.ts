import { describe, expect, it } from 'vitest'
import { connectionUrlProblem, parseConnectionUrl } from './connection-url.js'

const problem = (url: string): string | undefined => connectionUrlProblem(new URL(url))

describe('parseConnectionUrl', () => {
  it('reads every part, percent-decoded', () => {
    const target = parseConnectionUrl('postgresql://us%40er:p%2Fa%23s%25@db.example.com:6543/my%20db?schema=app')
    expect(target).toMatchObject({
      host: 'db.example.com',
      port: 6543,
      database: 'my db',
      user: 'us@er',
      password: 'p/a#s%',
      schema: 'app',
      tlsMode: 'disable',
      ssl: false,
    })
  })

  it('has no password if the URL has none, and the default port', () => {
    const target = parseConnectionUrl('postgres://app@localhost/miyabi')
    expect(target.password).toBeUndefined()
    expect(target).toMatchObject({
      host: 'localhost',
      port: 5432,
      database: 'miyabi',
      user: 'app',
      tlsMode: 'disable',
      ssl: false,
    })
  })

  it('reads an IPv6 address and a socket folder', () => {
    expect(parseConnectionUrl('postgresql://app@[::1]/miyabi').host).toBe('::1')
    expect(parseConnectionUrl('postgresql://app@localhost/miyabi?host=/run/postgresql').host).toBe('/run/postgresql')
    expect(parseConnectionUrl('postgresql://app@localhost/miyabi?host=/run/postgresql&sslmode=require').ssl).toBe(false)
  })
})

describe('connectionUrlProblem', () => {
  it('accepts supported URLs', () => {
    expect(problem('postgresql://app:secret@host/db?schema=app&sslmode=verify-full&sslrootcert=system')).toBeUndefined()
  })

  it.each([
    ['connection_limit=5', 'set DB_MAX_CONNECTIONS instead'],
    ['pool_timeout=5', 'set DB_ACQUIRE_TIMEOUT instead'],
    ['connect_timeout=5', 'set DB_CONNECT_TIMEOUT instead'],
    ['pgbouncer=true', 'set DB_POOLER=transaction instead'],
    ['channel_binding=require', 'use sslmode=verify-full'],
    ['ssl=true', 'use sslmode'],
    ['statement_cache_size=0', 'remove it'],
    ['application_name=x', 'set DB_APPLICATION_NAME instead'],
    ['sslmode=prefer', 'sslmode=prefer, which an attacker on the network can downgrade'],
    ['schema=a;b', 'a schema that is not a plain identifier'],
    ['colour=red', 'an unknown parameter "colour"'],
  ])('rejects %s explicitly', (parameter, told) => {
    expect(problem(`postgresql://app:secret@host/db?${parameter}`)).toContain(told)
  })

  it('reports all faults together, without the secret', () => {
    const told = problem('postgresql://:secret%zz@host?connection_limit=1')
    expect(told).toContain('has no user, and has no database, and has a % that does not start a percent-encoding')
    expect(told).toContain('connection_limit')
    expect(told).not.toContain('secret')
  })
})
