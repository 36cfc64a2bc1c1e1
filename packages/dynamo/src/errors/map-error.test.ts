import { MiyabiError } from '@miyabi/core'
import { describe, expect, it } from 'vitest'
import type { CallRecord } from './call-record.js'
import {
  awsName,
  isDefinitelyRefused,
  isPassingConnectFailure,
  mapDynamoError,
  noteFailure,
  toDynamoError,
} from './map-error.js'

const record: CallRecord = {
  operation: 'events.append',
  tables: new Set(['T']),
  startedAtMs: 0,
  attempts: 2,
  possibleWrites: 0,
  waiting: 0,
}

function awsError(name: string, members: object = {}): Error {
  return Object.assign(new Error('Item was {"token":"hush"}'), { name }, members)
}

describe('toDynamoError', () => {
  it.each([
    ['ProvisionedThroughputExceededException', 'dynamo.throttled', true],
    ['ThrottlingException', 'dynamo.throttled', true],
    ['RequestLimitExceeded', 'dynamo.throttled', true],
    ['ResourceNotFoundException', 'dynamo.table_missing', false],
    ['ConditionalCheckFailedException', 'dynamo.condition_failed', false],
    ['TransactionConflictException', 'dynamo.transaction_conflict', true],
    ['ValidationException', 'dynamo.validation', false],
    ['AccessDeniedException', 'dynamo.access_denied', false],
    ['CredentialsProviderError', 'dynamo.credentials', false],
    ['ExpiredTokenException', 'dynamo.credentials', false],
    ['UnrecognizedClientException', 'dynamo.credentials', false],
    ['InternalServerError', 'dynamo.unavailable', true],
    ['TimeoutError', 'dynamo.timeout', true],
    ['SomethingNew', 'dynamo.failed', false],
  ])('knows %s by its name', (name, code, retryable) => {
    expect(toDynamoError(awsError(name), record)).toMatchObject({
      code,
      retryable,
      details: { operation: 'events.append', tables: ['T'], attempts: 2, awsName: name },
    })
  })

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND'])("knows %s by Node's code, whatever the SDK calls it", (code) => {
    for (const name of ['Error', 'TimeoutError', 'AggregateError']) {
      expect(toDynamoError(awsError(name, { code }), record)).toMatchObject({ code: 'dynamo.unreachable' })
    }
  })

  it('knows a secure connection that does not come about, which no repetition mends and nothing was sent over', () => {
    const error = awsError('Error', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    expect(isDefinitelyRefused(error)).toBe(true)
    expect(toDynamoError(error, record)).toMatchObject({ code: 'dynamo.unreachable', retryable: false })
  })

  it.each(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL'])(
    'knows %s as a want of this machine, which passes, before anything was sent',
    (code) => {
      const error = awsError('Error', { code, syscall: 'connect' })
      expect(isDefinitelyRefused(error)).toBe(true)
      expect(isPassingConnectFailure(error)).toBe(true)
      const told = toDynamoError(error, record)
      expect(told).toMatchObject({ code: 'dynamo.unreachable', retryable: true, details: { awsName: code } })
      expect(told.message).toContain('ulimit -n')
    },
  )

  it('tells a connection that could not be opened from one that was cut in use, whose request may have been carried out', () => {
    for (const code of ['ETIMEDOUT', 'ECONNRESET', 'ECONNABORTED', 'EPIPE']) {
      expect(isDefinitelyRefused(awsError('TimeoutError', { code, syscall: 'connect' }))).toBe(true)
      expect(isDefinitelyRefused(awsError('TimeoutError', { code, syscall: 'read' }))).toBe(false)
    }
    const inHandshake = { code: 'ECONNRESET', host: 'h', port: 1, localAddress: undefined }
    expect(isDefinitelyRefused(awsError('Error', inHandshake))).toBe(true)
  })

  it('looks at every address of a host that could not be reached', () => {
    const refused = (syscall: string) => Object.assign(new Error('no'), { code: 'ETIMEDOUT', syscall })
    const both = (...errors: Error[]) => Object.assign(new AggregateError(errors), { code: 'ETIMEDOUT' })
    expect(isDefinitelyRefused(both(refused('connect'), refused('connect')))).toBe(true)
    expect(isDefinitelyRefused(both(refused('connect'), refused('read')))).toBe(false)
  })

  it('does not try again what this machine forbids', () => {
    const error = awsError('Error', { code: 'EACCES', syscall: 'connect' })
    expect(isPassingConnectFailure(error)).toBe(false)
    expect(toDynamoError(error, record)).toMatchObject({ code: 'dynamo.unreachable', retryable: false })
  })

  it('takes the code for unavailable where a 5xx has a name it does not know', () => {
    const error = awsError('Odd', { $metadata: { httpStatusCode: 502 } })
    expect(toDynamoError(error, record)).toMatchObject({ code: 'dynamo.unavailable', retryable: true })
  })

  it('looks inside the errors of ElectroDB', () => {
    const inside = awsError('ConditionalCheckFailedException')
    const outside = Object.assign(new Error('wrapped', { cause: inside }), { name: 'ElectroError', code: 4001 })
    expect(toDynamoError(outside, record)).toMatchObject({ code: 'dynamo.condition_failed' })
    const ours = new MiyabiError('dynamo.deadline', 'too late')
    const around = Object.assign(new Error('wrapped', { cause: ours }), { name: 'ElectroError' })
    expect(toDynamoError(around, record)).toBe(ours)
  })

  it.each([
    [['TransactionConflict', 'None'], 'dynamo.transaction_conflict', true],
    [['ThrottlingError', 'None'], 'dynamo.throttled', true],
    [['ConditionalCheckFailed', 'None'], 'dynamo.condition_failed', false],
    [['ConditionalCheckFailed', 'TransactionConflict'], 'dynamo.condition_failed', false],
    [['ValidationError', 'None'], 'dynamo.transaction_canceled', false],
  ])('judges a cancelled transaction by its reasons: %s', (reasons, code, retryable) => {
    const CancellationReasons = reasons.map((Code) => ({ Code, Item: { token: { S: 'hush' } } }))
    const error = toDynamoError(awsError('TransactionCanceledException', { CancellationReasons }), record)
    expect(error).toMatchObject({ code, retryable, details: { reasons } })
  })

  it('says that the effect of a write is unknown when an answer to it was lost', () => {
    const lost = { ...record, possibleWrites: 1 }
    expect(toDynamoError(awsError('TimeoutError'), lost).effect).toBe('unknown')
    expect(toDynamoError(awsError('TimeoutError'), record).effect).toBe('none')
  })
})

describe('isDefinitelyRefused', () => {
  it('holds for what the server refused and what was never sent, not for a lost answer', () => {
    expect(isDefinitelyRefused(awsError('X', { $metadata: { httpStatusCode: 400 } }))).toBe(true)
    expect(isDefinitelyRefused(awsError('TimeoutError', { code: 'ECONNREFUSED' }))).toBe(true)
    expect(isDefinitelyRefused(awsError('X', { $metadata: { httpStatusCode: 500 } }))).toBe(false)
    expect(isDefinitelyRefused(awsError('TimeoutError', { code: 'ECONNRESET' }))).toBe(false)
    expect(isDefinitelyRefused(awsError('TimeoutError'))).toBe(false)
    expect(awsName(awsError('TimeoutError', { code: 'ETIMEDOUT' }))).toBe('TimeoutError')
  })
})

describe('mapDynamoError', () => {
  class DynamoDBServiceException extends Error {}
  class ConditionalCheckFailedException extends DynamoDBServiceException {
    override readonly name = 'ConditionalCheckFailedException'
    readonly $metadata = { httpStatusCode: 400, attempts: 1 }
  }
  const timedOut = awsError('TimeoutError')
  noteFailure(timedOut, { ...record, possibleWrites: 1 })
  const own = new MiyabiError('dynamo.deadline', 'too late')

  it('reads the failure of a request of ours by what is known about its call', () => {
    const details = { operation: 'events.append', tables: ['T'], attempts: 2 }
    expect(mapDynamoError(timedOut)).toMatchObject({ code: 'dynamo.timeout', effect: 'unknown', details })
  })

  it('reads what DynamoDB answered another client with, also one of another copy of the SDK', () => {
    const refused = mapDynamoError(new ConditionalCheckFailedException('m'))
    expect(refused).toMatchObject({ code: 'dynamo.condition_failed', effect: 'none' })
    const broken = Object.assign(new DynamoDBServiceException('m'), { $metadata: { httpStatusCode: 500 } })
    expect(mapDynamoError(broken)).toMatchObject({ code: 'dynamo.unavailable', effect: 'unknown' })
  })

  it('reads what ElectroDB refused, and what it put its own around', () => {
    const invalid = awsError('ElectroValidationError', { code: 3001 })
    expect(mapDynamoError(invalid)).toMatchObject({ code: 'dynamo.validation', effect: 'none' })
    for (const [cause, code] of [
      [own, 'dynamo.deadline'],
      [timedOut, 'dynamo.timeout'],
    ] as const) {
      const around = Object.assign(new Error('m', { cause }), { name: 'ElectroError' })
      expect(mapDynamoError(around)).toMatchObject({ code })
    }
    expect(mapDynamoError(own)).toBe(own)
  })

  it.each<[string, unknown]>([
    ['an error of an application', new Error('mine', { cause: timedOut })],
    ['that of another service of AWS', awsError('NoSuchKey', { $metadata: { httpStatusCode: 404 } })],
    ['the failure of another socket', awsError('Error', { code: 'ECONNREFUSED' })],
    ['a mistake in the code', new TypeError('x is undefined')],
    ['what a signal was aborted with', new DOMException('m', 'TimeoutError')],
    ['several errors', new AggregateError([timedOut])],
    ['a text', 'ThrottlingException'],
    ['nothing', undefined],
    ['null', null],
  ])('gives back as it is %s', (_what, error) => {
    expect(mapDynamoError(error)).toBe(error)
  })
})
