import { inspect } from 'node:util'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { POSTGRES_ERRORS, PostgresError, type PostgresErrorCode } from './errors.js'
import { isDatabaseError, mapConnectError, mapPostgresError } from './map-error.js'

const withCode = (code: string, message = 'm'): Error => Object.assign(new Error(message), { code })

function serverError(code: string, message: string, detail?: string): Error {
  const error = new pg.DatabaseError(message, message.length, 'error')
  return Object.assign(error, { code, severity: 'ERROR', detail })
}

describe('mapPostgresError', () => {
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
    [serverError('P0001', 'raised by a function'), 'postgres.failed'],
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
    const mapped = mapPostgresError(error)
    expect(mapped).toBeInstanceOf(PostgresError)
    expect(mapped.code).toBe(code)
    expect({ retryable: mapped.retryable, effect: mapped.effect }).toEqual(POSTGRES_ERRORS[code])
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
    for (const error of errors) expect(inspect(mapPostgresError(error), { depth: 9 })).not.toContain(secret)
  })

  it('keeps where the original came from', () => {
    const cause = mapPostgresError(serverError('40P01', 'deadlock detected')).cause as Error
    expect(cause.message).toBe('deadlock detected')
    expect(cause.stack).toContain('map-error.test.ts')
  })
})

describe('mapConnectError', () => {
  it('knows that nothing can have happened yet, and names the server', () => {
    const mapped = mapConnectError(new Error('Connection terminated unexpectedly'), 'server db:5432')
    expect(mapped).toMatchObject({ code: 'postgres.unreachable', effect: 'none', retryable: true })
    expect(mapped.message).toContain('server db:5432')
  })
})

describe('isDatabaseError', () => {
  it('tells the errors of the database from those of the caller', () => {
    expect(isDatabaseError(serverError('P0001', 'raised'))).toBe(true)
    expect(isDatabaseError(withCode('P2010'))).toBe(true)
    expect(isDatabaseError(new Error('my own'))).toBe(false)
    expect(isDatabaseError(withCode('ENOENT_OF_MINE'))).toBe(false)
  })
})
