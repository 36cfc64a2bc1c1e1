import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { STACK_FILE } from '@miyabi/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { attachToStack } from './attach.js'

const stack = {
  pid: process.pid,
  dataDir: '/data',
  postgres: {
    version: '18.4',
    port: 5001,
    databaseUrl: 'postgresql://miyabi_app:a@127.0.0.1:5001/miyabi',
    directDatabaseUrl: 'postgresql://miyabi_migrator:m@127.0.0.1:5001/miyabi',
    serviceDatabaseUrl: 'postgresql://miyabi_backend:b@127.0.0.1:5001/miyabi',
  },
  dynamodb: { version: '1.2.1', port: 5002, endpoint: 'http://127.0.0.1:5002' },
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'miyabi-attach-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const up = (descriptor: object = stack): void =>
  writeFileSync(path.join(folder, STACK_FILE), JSON.stringify(descriptor), { mode: 0o600 })
const attach = (env: Record<string, string>) => attachToStack({ MIYABI_STACK_DIR: folder, ...env }, folder)

describe('attachToStack', () => {
  it('fills in what is unset from the stack that is up', () => {
    up()
    expect(attach({})).toMatchObject({
      attached: ['DATABASE_URL', 'SERVICE_DATABASE_URL', 'DYNAMODB_ENDPOINT'],
      folder,
      env: {
        DATABASE_URL: stack.postgres.databaseUrl,
        SERVICE_DATABASE_URL: stack.postgres.serviceDatabaseUrl,
        DYNAMODB_ENDPOINT: stack.dynamodb.endpoint,
      },
      missing: [],
    })
    expect(attach({}).env).not.toHaveProperty('DIRECT_DATABASE_URL')
  })

  it('leaves what is set, by whichever name, and takes a blank value for unset', () => {
    up()
    expect(attach({ DATABASE_URL: 'postgresql://h/m' }).attached).toEqual(['DYNAMODB_ENDPOINT'])
    expect(attach({ DYNAMODB_ENDPOINT: 'http://h:1', DATABASE_URL: ' ' }).attached).toEqual([
      'DATABASE_URL',
      'SERVICE_DATABASE_URL',
    ])
    expect(attach({ AWS_ENDPOINT_URL: 'http://h:1' }).attached).toEqual(['DATABASE_URL', 'SERVICE_DATABASE_URL'])
    expect(attach({ SERVICE_DATABASE_URL: 'postgresql://s@h/m' }).attached).toEqual([
      'DATABASE_URL',
      'DYNAMODB_ENDPOINT',
    ])
  })

  it("never puts the stack's service beside another server's application", () => {
    up()
    expect(attach({ DATABASE_URL: 'postgresql://h/m' }).env).not.toHaveProperty('SERVICE_DATABASE_URL')
  })

  it('names each missing variable and the command when no stack is up', () => {
    const { missing, env } = attach({})
    expect(missing.map((fault) => fault.name)).toEqual(['DATABASE_URL', 'DYNAMODB_ENDPOINT'])
    for (const fault of missing) expect(fault.expected).toContain('npx miyabi up')
    expect(env).not.toHaveProperty('DATABASE_URL')
    expect(attach({ DATABASE_URL: 'postgresql://h/m' }).missing.map((fault) => fault.name)).toEqual([
      'DYNAMODB_ENDPOINT',
    ])
  })

  it('never attaches in production, whatever is up', () => {
    up()
    expect(attach({ NODE_ENV: 'production' })).toMatchObject({ attached: [], missing: [] })
  })

  it('takes a stack whose owner is gone for none', () => {
    up({ ...stack, pid: 2 ** 30 })
    expect(attach({}).missing).toHaveLength(2)
  })

  it('says why a stack has no DynamoDB, and points the client nowhere rather than at AWS', () => {
    up({ ...stack, dynamodb: { unavailable: 'no engine for plan9: pnpm add -w dynoxide' } })
    const found = attach({})
    expect(found.dynamodbUnavailable).toContain('pnpm add -w dynoxide')
    expect(found.env['DYNAMODB_ENDPOINT']).toMatch(/^http:\/\/127\.0\.0\.1:/)
    expect(attach({ DYNAMODB_ENDPOINT: 'http://h:1' }).dynamodbUnavailable).toBeUndefined()
  })
})
