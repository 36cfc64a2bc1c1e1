import { inspect } from 'node:util'
import { MiyabiError } from '@miyabi/core'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { POSTGRES_ERRORS, type PostgresErrorCode } from './codes.js'
import { isPostgresError, PostgresError } from './errors.js'
import { mapConnectError, mapPostgresError, noteSocketError, toPostgresError } from './map-error.js'

const withCode = (code: string, message = 'm'): Error => Object.assign(new Error(message), { code })

function serverError(code: string, message: string, detail?: string): Error {
  const error = new pg.DatabaseError(message, message.length, 'error')
  return Object.assign(error, { code, severity: 'ERROR', detail })
}

describe('toPostgresError', () => {
  it.each<[unknown, PostgresErrorCode]>([
    [serverError('40001', 'could not serialize access'), 'postgres.serialization_failure'],
    [serverError('40P01', 'deadlock detected'), 'postgres.deadlock'],
    [serverError('53300', 'sorry, too many clients already'), 'postgres.too_many_connections'],
    [serverError('53100', 'could not extend file'), 'postgres.resources_exhausted'],
    [serverError('57P03', 'the database system is starting up'), 'postgres.unavailable'],
    [serverError('57P01', 'terminating connection'), 'postgres.connection_lost'],
    [serverError('08006', 'connection failure'), 'postgres.connection_lost'],
    [serverError('08P01', 'query_wait_timeout'), 'postgres.connection_lost'],
    [Object.assign(serverError('08P01', 'bind message'), { routine: 'exec_bind_message' }), 'postgres.invalid_query'],
    [Object.assign(serverError('08P01', 'invalid message'), { routine: 'pq_getmsgend' }), 'postgres.invalid_query'],
    [Object.assign(serverError('57014', 'COPY failed'), { routine: 'CopyGetData' }), 'postgres.invalid_query'],
    [serverError('25006', 'cannot execute INSERT in a read-only transaction'), 'postgres.read_only'],
    [Object.assign(serverError('25006', 'cannot execute INSERT'), { standby: true }), 'postgres.standby'],
    [serverError('28P01', 'password authentication failed for user "app"'), 'postgres.auth_failed'],
    [serverError('28000', 'no pg_hba.conf entry'), 'postgres.auth_failed'],
    [serverError('3D000', 'database "x" does not exist'), 'postgres.database_missing'],
    [serverError('55P03', 'canceling statement due to lock timeout'), 'postgres.lock_timeout'],
    [serverError('P0001', 'raised by a function'), 'postgres.raised'],
    [serverError('APP01', "an application's own"), 'postgres.raised'],
    [serverError('EPIPE', 'five capitals, and no code of the system'), 'postgres.raised'],
    [Object.assign(serverError('08006', 'raised'), { routine: 'exec_stmt_raise' }), 'postgres.raised'],
    [serverError('42601', 'syntax error at or near "x"'), 'postgres.invalid_sql'],
    [serverError('42P05', 'prepared statement "x" already exists'), 'postgres.refused'],
    [serverError('44000', 'new row violates check option'), 'postgres.check_violation'],
    [serverError('57P04', 'database was dropped'), 'postgres.connection_lost'],
    [withCode('ECONNREFUSED'), 'postgres.unreachable'],
    [withCode('ENOTFOUND'), 'postgres.unreachable'],
    [withCode('EPIPE'), 'postgres.connection_lost'],
    [withCode('DEPTH_ZERO_SELF_SIGNED_CERT'), 'postgres.tls_failed'],
    [withCode('P2034'), 'postgres.serialization_failure'],
    [withCode('P2028'), 'postgres.transaction_timeout'],
    [withCode('P2025'), 'postgres.not_found'],
    [withCode('P2014'), 'postgres.foreign_key_violation'],
    [withCode('P2017'), 'postgres.not_found'],
    [withCode('P2018'), 'postgres.not_found'],
    [new Error('Connection terminated unexpectedly'), 'postgres.connection_lost'],
    [new Error('Client has encountered a connection error and is not queryable'), 'postgres.connection_lost'],
    [new Error('The server does not support SSL connections'), 'postgres.tls_failed'],
    [new Error('something else'), 'postgres.failed'],
    ['not even an error', 'postgres.failed'],
    [undefined, 'postgres.failed'],
  ])('maps %s to %s', (error, code) => {
    const mapped = toPostgresError(error)
    expect(mapped).toBeInstanceOf(PostgresError)
    expect(mapped.code).toBe(code)
    const { retryable, effect } = POSTGRES_ERRORS[code]
    expect({ retryable: mapped.retryable, effect: mapped.effect }).toEqual({ retryable, effect })
  })

  it('knows that nothing was done, whatever the server refused: all but a lost connection and what it does not know itself', () => {
    const classes =
      '03 08 09 0A 0B 0F 0L 0P 0Z 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F 40 42 44 53 54 55 57 58 72 F0 HV P0 XX AB'
    const states = [...classes.split(' ').map((start) => `${start}000`), '40003', '57P01', '57P02', '57P05', '57014']
    const unknown = states.filter((state) => toPostgresError(serverError(state, 'm')).effect === 'unknown')
    expect(unknown).toEqual(['08000', '40003', '57P01', '57P02', '57P05'])
  })

  it('repeats neither the detail of the server, nor a value it quotes, nor a URL', () => {
    const secret = 'hunter2'
    const errors = [
      serverError('23505', 'duplicate key value violates unique constraint "u"', `Key (email)=(${secret})`),
      serverError('22P02', `invalid input syntax for type uuid: "${secret}"`),
      serverError('P0001', `the licence ${secret} is revoked`),
      new Error(`cannot connect to postgresql://app:${secret}@host/db`),
      withCode('P2010', `Raw query failed: ${secret}`),
    ]
    for (const error of errors) expect(inspect(toPostgresError(error), { depth: 9 })).not.toContain(secret)
  })

  it('keeps where the original came from', () => {
    const cause = toPostgresError(serverError('40P01', 'deadlock detected')).cause as Error
    expect(cause.message).toBe('deadlock detected')
    expect(cause.stack).toContain('map-error.test.ts')
  })
})

describe('mapConnectError', () => {
  it('knows that nothing can have happened yet, and names the server', () => {
    const mapped = mapConnectError(new Error('Connection terminated unexpectedly'), {
      server: 'server db:5432',
      variable: 'SERVICE_DATABASE_URL',
    })
    expect(mapped).toMatchObject({ code: 'postgres.unreachable', effect: 'none', retryable: true })
    expect(mapped.message).toContain('server db:5432')
    expect(mapped.message).toContain('correct host and port in SERVICE_DATABASE_URL')
  })
})

const named = (name: string, members: object = {}): Error => Object.assign(new Error('m'), { name }, members)

describe('mapPostgresError', () => {
  const reset = withCode('ECONNRESET')
  noteSocketError(reset)
  const own = new PostgresError('postgres.pool.closed', 'closed')

  it.each<[string, unknown, PostgresErrorCode]>([
    ['of the server', serverError('23505', 'duplicate key'), 'postgres.unique_violation'],
    ['raised by a function of the database', serverError('P0001', 'raised'), 'postgres.raised'],
    ['of Prisma', named('PrismaClientKnownRequestError', { code: 'P2025' }), 'postgres.not_found'],
    ['of Prisma, about the call', named('PrismaClientValidationError'), 'postgres.invalid_query'],
    [
      'of the adapter',
      named('DriverAdapterError', { cause: { originalCode: '40001' } }),
      'postgres.serialization_failure',
    ],
    ['of the driver, about a connection', new Error('Connection terminated unexpectedly'), 'postgres.connection_lost'],
    ['of the socket of a connection', reset, 'postgres.connection_lost'],
    [
      'of ours, inside one of Prisma',
      named('PrismaClientKnownRequestError', { meta: { postgresError: own } }),
      'postgres.pool.closed',
    ],
    ['of ours', own, 'postgres.pool.closed'],
  ])('reads a failure %s', (_what, error, code) => {
    expect(isPostgresError(mapPostgresError(error), code)).toBe(true)
  })

  it.each<[string, unknown]>([
    ['an error of an application', new Error('mine')],
    ['one whose code looks like a SQLSTATE', withCode('23505')],
    ["one whose code looks like Prisma's", withCode('P2002')],
    ['one whose cause is a failure of the database', new Error('mine', { cause: serverError('23505', 'm') })],
    ['the failure of another socket', withCode('ECONNRESET')],
    ['a file that is missing', Object.assign(withCode('ENOENT'), { syscall: 'open' })],
    ['a mistake in the code', new TypeError('x is undefined')],
    ['an error of another store', new MiyabiError('dynamo.throttled', 'm')],
    ['what a signal was aborted with', AbortSignal.abort().reason],
    ['several errors', new AggregateError([serverError('23505', 'm')])],
    ['a text', '23505'],
    ['nothing', undefined],
    ['null', null],
  ])('gives back as it is %s', (_what, error) => {
    expect(mapPostgresError(error)).toBe(error)
  })
})
