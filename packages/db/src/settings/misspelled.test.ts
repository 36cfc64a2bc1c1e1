import { describe, expect, it } from 'vitest'
import { misspelledVariables } from './misspelled.js'
import { knownVariables } from './settings.js'

describe('misspelledVariables', () => {
  it.each([
    ['DB_MAX_CONNECTION', 'DB_MAX_CONNECTIONS'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['DYNAMODB_TIMEOUT_MS', 'DYNAMODB_TIMEOUT'],
    ['DYNAMO_ENDPOINT', 'DYNAMODB_ENDPOINT'],
    ['db_max_connections', 'DB_MAX_CONNECTIONS'],
    ['MIYABI_STACKDIR', 'MIYABI_STACK_DIR'],
  ])('takes %s for %s', (name, nearest) => {
    expect(misspelledVariables({ [name]: '1' })).toEqual([{ name, nearest }])
  })

  it.each([
    'DB_HOST',
    'DB_PASSWORD',
    'DATABASE_POOL',
    'TEST_DATABASE_URL',
    'AWS_PROFILE',
    'AWS_ACCESS_KEY_ID',
    'PATH',
    'NODE_OPTIONS',
    'NODE_PATH',
    'PGUSER',
    'REDIS_URL',
  ])('leaves %s to whoever it belongs to', (name) => {
    expect(misspelledVariables({ [name]: '1' })).toEqual([])
  })

  it('says nothing of known or blank variables', () => {
    const env = Object.fromEntries(knownVariables().map((name) => [name, '1']))
    expect(misspelledVariables({ ...env, DB_MAX_CONNECTION: ' ' })).toEqual([])
  })
})
