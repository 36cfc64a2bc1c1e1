import { describe, expect, it } from 'vitest'
import { isStackDescriptor } from './descriptor.js'

const descriptor = {
  pid: 7,
  dataDir: '/data',
  postgres: { version: '18.4', port: 1, databaseUrl: 'a', directDatabaseUrl: 'm', serviceDatabaseUrl: 's' },
  dynamodb: { version: '1.2.1', port: 2, endpoint: 'http://127.0.0.1:2' },
}

describe('isStackDescriptor', () => {
  it.each<readonly [string, object]>([
    ['all that is needed', {}],
    ['more than is known here', { color: 'blue', postgres: { ...descriptor.postgres, color: 'blue' } }],
    ['what may be left out', { started: 'mark', folder: '/stack', temporary: true }],
    ['a platform without a DynamoDB engine', { dynamodb: { unavailable: 'no binary' } }],
  ])('takes %s', (_what, change) => {
    expect(isStackDescriptor({ ...descriptor, ...change })).toBe(true)
  })

  it.each<readonly [string, object]>([
    ['no process', { pid: 0 }],
    ['half a process', { pid: 1.5 }],
    ['a mark that is no text', { started: 7 }],
    ['a folder that is no text', { folder: null }],
    ['no place of the data', { dataDir: undefined }],
    ['no PostgreSQL', { postgres: null }],
    ['a port that is a text', { postgres: { ...descriptor.postgres, port: '1' } }],
    ['no login of the service', { postgres: { ...descriptor.postgres, serviceDatabaseUrl: undefined } }],
    ['no DynamoDB', { dynamodb: undefined }],
    ['a DynamoDB without an endpoint', { dynamodb: { version: '1.2.1', port: 2 } }],
  ])('refuses one with %s', (_what, change) => {
    expect(isStackDescriptor({ ...descriptor, ...change })).toBe(false)
  })

  it('refuses what is no object', () => {
    expect([null, undefined, 7, 'text', []].map(isStackDescriptor)).toEqual([false, false, false, false, false])
  })
})
