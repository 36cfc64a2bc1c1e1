import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseTarget, targetOf, withDatabase } from './target.js'

describe('parseTarget', () => {
  it('has the defaults of Prisma', () => {
    expect(parseTarget('postgresql://app:p%40ss@db')).toMatchObject({
      schema: 'public',
      host: 'db',
      port: 5432,
      database: 'postgres',
      user: 'app',
      config: { password: 'p@ss', connectionTimeoutMillis: 5_000, application_name: 'prisma-schema-engine' },
    })
  })

  it('works in UTC and in the schema of the URL, however it is called', () => {
    const { schema, config } = parseTarget('postgresql://app@db/d?schema=my%20%22app')
    expect(schema).toBe('my "app')
    expect(config.options).toBe('-c TimeZone=UTC -c search_path="my\\ ""app"')
  })

  it("keeps the URL's own options", () => {
    const { config } = parseTarget('postgresql://app@db/d?options=-c%20lock_timeout%3D5s&application_name=deploy')
    expect(config).toMatchObject({
      options: '-c lock_timeout=5s -c TimeZone=UTC -c search_path="public"',
      application_name: 'deploy',
    })
  })

  it.each([
    ['connect_timeout=30', 30_000],
    ['connect_timeout=0', 0],
  ])('reads %s as a number of seconds, 0 for no limit', (parameter, timeoutMs) => {
    expect(parseTarget(`postgresql://app@db/d?${parameter}`).config.connectionTimeoutMillis).toBe(timeoutMs)
  })

  it('does not hand on parameters that only Prisma knows', () => {
    const { config } = parseTarget('postgresql://app@db/d?connection_limit=5&pool_timeout=2&pgbouncer=true&schema=x')
    expect(Object.keys(config)).not.toEqual(expect.arrayContaining(['connection_limit']))
    expect(Object.keys(config)).not.toEqual(expect.arrayContaining(['schema']))
  })

  it.each([
    ['sslmode=disable', false],
    ['sslmode=require', { rejectUnauthorized: false }],
    ['sslmode=verify-full', {}],
    ['sslmode=require&sslaccept=strict', {}],
  ])('reads %s as libpq does', (parameters, ssl) => {
    expect(parseTarget(`postgresql://app@db/d?${parameters}`).config.ssl).toEqual(ssl)
  })

  it.each([
    'postgresql://app@/d?host=/run/postgresql',
    'postgresql://app@localhost/d?host=/run/postgresql',
    'postgresql://app@%2Frun%2Fpostgresql/d',
  ])('finds the socket folder in %s', (url) => {
    expect(parseTarget(url)).toMatchObject({ host: '/run/postgresql', database: 'd', user: 'app' })
  })

  it.each([
    'mysql://app:s3cret@db/d',
    'postgresql//app:s3cret@db/d',
    'postgresql://app:m@g/s3cret@db/d',
    'postgresql://app:m#s3cret@db/d',
    'postgresql://app:1?s3cret@db/d',
    'postgresql://app:s3cret%@db/d',
    'postgresql://app:s3cret@db:99999/d',
    'postgresql://app:s3cret@db/d?sslmode=prefer',
    'postgresql://app:s3cret@db/d?sslmode=verify-ca',
    'postgresql://app:s3cret@db/d?connect_timeout=soon',
    '',
  ])('refuses `%s` with P1013 and without repeating it', (url) => {
    expect(() => parseTarget(url)).toThrow(expect.objectContaining({ details: { prismaCode: 'P1013', meta: {} } }))
    expect(() => parseTarget(url)).not.toThrow(/s3cret/)
  })
})

describe('targetOf', () => {
  it('reads a URL once: what was read is taken as it is, though a certificate is gone by then', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-target-'))
    writeFileSync(path.join(folder, 'ca.pem'), 'PEM')
    const target = targetOf(`postgresql://app@db/d?sslmode=verify-ca&sslrootcert=${folder}/ca.pem`)
    rmSync(folder, { recursive: true })
    expect(targetOf(target)).toBe(target)
    expect(withDatabase(target, 'other').config.ssl).toEqual(target.config.ssl)
  })

  it('keeps the URL for a process that is given one, and shows it to nobody', () => {
    const target = targetOf('postgresql://app:s3cret@db/d')
    expect(target.url).toBe('postgresql://app:s3cret@db/d')
    expect(Object.keys(target)).not.toContain('url')
  })
})

describe('withDatabase', () => {
  it('changes the database and nothing else', () => {
    const target = parseTarget('postgresql://app:x@db:5433/d?schema=s')
    const other = withDatabase(target, 'other')
    expect(other).toEqual({ ...target, database: 'other', config: { ...target.config, database: 'other' } })
  })

  it.each([
    ['postgresql://app:x@db:5433/d?schema=s', 'postgresql://app:x@db:5433/a%20b?schema=s'],
    ['postgres://app@/d?host=/run/postgresql', 'postgres://app@/a%20b?host=/run/postgresql'],
    ['postgresql://app@db', 'postgresql://app@db/a%20b'],
    ['postgresql://app@[::1]:5433?sslmode=disable', 'postgresql://app@[::1]:5433/a%20b?sslmode=disable'],
  ])('and so its URL: %s', (url, expected) => {
    const other = withDatabase(parseTarget(url), 'a b')
    expect(other.url).toBe(expected)
    expect(parseTarget(other.url)).toEqual(other)
  })
})
