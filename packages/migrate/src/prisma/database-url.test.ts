import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { STACK_FILE } from '@miyabi/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrationDatabaseUrl } from './database-url.js'

describe('migrationDatabaseUrl', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'miyabi-stack-'))
    const postgres = {
      version: '18',
      port: 1,
      databaseUrl: 'postgresql://app@h/d',
      directDatabaseUrl: 'postgresql://owner@h/d',
      serviceDatabaseUrl: 'postgresql://backend@h/d',
    }
    const stack = { pid: process.pid, dataDir: folder, postgres, dynamodb: { unavailable: 'not here' } }
    writeFileSync(path.join(folder, STACK_FILE), JSON.stringify(stack), { mode: 0o600 })
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is DIRECT_DATABASE_URL before DATABASE_URL', () => {
    expect(migrationDatabaseUrl('/', { DIRECT_DATABASE_URL: 'direct', DATABASE_URL: 'pooled' })).toBe('direct')
    expect(migrationDatabaseUrl('/', { DIRECT_DATABASE_URL: ' ', DATABASE_URL: 'pooled' })).toBe('pooled')
  })

  it("is the migrator's login of the stack that is up when none is set", () => {
    expect(migrationDatabaseUrl('/', { MIYABI_STACK_DIR: folder })).toBe('postgresql://owner@h/d')
  })

  it('is never the stack in production, also with a blank after the word, as for the application', () => {
    for (const NODE_ENV of ['production', 'production '])
      expect(migrationDatabaseUrl('/', { MIYABI_STACK_DIR: folder, NODE_ENV })).toBeUndefined()
  })

  it('is undefined when nothing is set and nothing is up', () => {
    expect(migrationDatabaseUrl('/', { MIYABI_STACK_DIR: path.join(folder, 'none') })).toBeUndefined()
  })
})
