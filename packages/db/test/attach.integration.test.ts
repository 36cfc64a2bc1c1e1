import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { STACK_FILE } from '@miyabi/core'
import { acquireStack, type Stack } from '@miyabi/local'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DatabaseContext } from '../src/index.js'
import { RecordingLogger } from './recording-logger.js'

let folder: string
let stack: Stack
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'miyabi-db-'))
  chmodSync(folder, 0o711) // as root the servers run as another user, who must pass
  stack = await acquireStack({ folder: path.join(folder, 'stack') })
})
afterAll(async () => {
  await stack.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('DatabaseContext beside an embedded stack', () => {
  it('attaches to it as the application, says so, and finds both stores', async () => {
    const logger = new RecordingLogger()
    await using db = await DatabaseContext.fromEnv({ env: { MIYABI_STACK_DIR: stack.folder }, logger })
    expect(logger.of('db.attached')).toMatchObject([
      {
        level: 'info',
        fields: { variables: ['DATABASE_URL', 'SERVICE_DATABASE_URL', 'DYNAMODB_ENDPOINT'], folder: stack.folder },
      },
    ])
    await db.dynamodb.tables.apply()
    const health = await db.healthCheck()
    expect(health).toMatchObject({ status: 'degraded', dynamodb: { status: 'up' } })
    // Nobody has migrated it; that is told from a server that does not answer.
    expect(health.postgres).toMatchObject({ status: 'down', version: expect.stringMatching(/^\d+/) })
    const [login] = await db.pg.$queryRaw<{ name: string }[]>`SELECT current_user::text AS name`
    expect(login?.name).toBe('miyabi_app')
    expect(logger.text).not.toContain(new URL(stack.descriptor.postgres.databaseUrl).password)
  })

  it('outlives the stack: health says that both are gone', async () => {
    const own = await acquireStack({ temporary: true })
    await using db = await DatabaseContext.fromEnv({ env: { MIYABI_STACK_DIR: own.folder } })
    await own.close()
    expect(await db.healthCheck()).toMatchObject({ status: 'down' })
    await expect(DatabaseContext.fromEnv({ env: { MIYABI_STACK_DIR: own.folder } })).rejects.toMatchObject({
      code: 'config.invalid',
    })
  })

  it('starts where the stack has no DynamoDB on this platform, and its health says what to do', async () => {
    const remedy = 'No DynamoDB engine for plan9: `pnpm add -w dynoxide`, or set DYNAMODB_ENDPOINT'
    const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-half-'))
    const half = { ...stack.descriptor, folder, dynamodb: { unavailable: remedy } }
    writeFileSync(path.join(folder, STACK_FILE), JSON.stringify(half), { mode: 0o600 })
    const logger = new RecordingLogger()
    await using db = await DatabaseContext.fromEnv({ env: { MIYABI_STACK_DIR: folder }, logger })
    rmSync(folder, { recursive: true })
    expect((await db.healthCheck()).dynamodb).toMatchObject({ status: 'down', remedy })
    expect(logger.of('db.dynamodb_unavailable')).toMatchObject([{ level: 'warn', message: remedy }])
    await expect(db.dynamodb.messages.undelivered('somebody')).rejects.toMatchObject({ code: 'dynamo.unreachable' })
  })
})
