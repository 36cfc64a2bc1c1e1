import { sql, type TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, it } from 'vitest'
import { DatabaseContext, defineEffects, effect, type Outbox, OutboxError } from '../../src/index.js'
import { payloadFromText } from '../../src/outbox/payload-text.js'
import { testEnvironment } from '../environment.js'

const effects = defineEffects({
  'webhook.deliver': effect<{ readonly endpoint: string; readonly body: string }>({ version: 2 }),
  'plugin.indexed': effect({
    parse: (payload: unknown) => ({ pluginId: String(Object(payload).pluginId) }),
    from: ['user'],
    allow: (_actor, { pluginId }) => pluginId === 'mine',
  }),
  'messages.enqueue': { from: ['user'], allow: ({ userId }, { recipient }) => recipient === userId },
})

let database: TestDatabase
let env: Record<string, string>
let db: DatabaseContext<typeof effects>
let alice: { readonly userId: string }
let wanda: { readonly webUserId: string }
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
  db = await DatabaseContext.fromEnv({ env, effects })
  const { pg: prisma } = db.asService()
  alice = { userId: (await prisma.user.create({ data: { email: 'alice@example.com' } })).id }
  wanda = { webUserId: (await prisma.webUser.create({ data: { githubId: 1, githubUsername: 'wanda' } })).id }
})
afterAll(async () => {
  await db?.close()
  await database?.drop()
})
beforeEach(async () => {
  await admin('DELETE FROM outbox; DELETE FROM commit_marks')
})

/** As the migrator. */
const admin = (text: string): Promise<Record<string, unknown>[]> => sql(database.directDatabaseUrl, text)
const rows = () => admin('SELECT * FROM outbox ORDER BY position')
const payloadOf = (json: unknown): unknown => payloadFromText(JSON.stringify(json))
const failureOf = (work: () => unknown): unknown => {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}

describe('an outbox', () => {
  it('writes with the COMMIT what the work has emitted, each with the id that it told', async () => {
    const ids = await db.asService().transaction(async (tx, { outbox }) => {
      await tx.log.create({ data: { level: 'info', message: 'x' } })
      const told = [
        outbox.events.append({ eventType: 'usage', userId: 'u', data: { n: 12345678901234567890n, text: 'a\0b' } }),
        outbox.messages.enqueue({ recipient: 'r', messageType: 'ping', payload: { bytes: Uint8Array.of(1, 2) } }),
        outbox.agentState.save({ agentId: 'a', status: 'running', stateData: { set: new Set(['x']) } }),
        outbox.emit('webhook.deliver', { endpoint: 'e', body: 'b' }, { key: 'k', notBefore: new Date('2026-12-24') }),
      ]
      expect(await rows()).toEqual([])
      return told.map(({ id }) => id)
    })
    const found = await rows()
    const byTopic = Object.fromEntries(found.map((row) => [row['topic'], row]))
    expect(found.map(({ id }) => id).sort()).toEqual([...ids].sort())
    expect(byTopic['events.append']).toMatchObject({ key: null, version: 1, actor_kind: 'service', actor: null })
    expect(payloadOf(byTopic['events.append']?.['payload'])).toEqual({
      eventType: 'usage',
      userId: 'u',
      data: { n: 12345678901234567890n, text: 'a\0b' },
      isOwn: true,
    })
    expect(byTopic['messages.enqueue']).toMatchObject({ key: 'r' })
    expect(payloadOf(byTopic['messages.enqueue']?.['payload'])).toEqual({
      recipient: 'r',
      messageType: 'ping',
      payload: { bytes: Uint8Array.of(1, 2) },
    })
    expect(byTopic['agentState.save']).toMatchObject({ key: 'a' })
    expect(payloadOf(byTopic['agentState.save']?.['payload'])).toEqual({
      agentId: 'a',
      status: 'running',
      stateData: { set: new Set(['x']) },
      at: expect.any(Number),
    })
    expect(byTopic['webhook.deliver']).toMatchObject({ key: 'k', version: 2, due_at: new Date('2026-12-24') })
  })

  it('leaves nothing of what was rolled back, and begins empty when the work is run again', async () => {
    await expect(
      db.asService().transaction(async (_tx, { outbox }) => {
        outbox.emit('webhook.deliver', { endpoint: 'e', body: 'b' })
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(await rows()).toEqual([])
    await db.asService().transaction(async (tx, { outbox, attempt }) => {
      outbox.emit('webhook.deliver', { endpoint: 'e', body: `of attempt ${attempt}` })
      if (attempt === 1) await tx.$executeRawUnsafe(`DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$`)
    })
    expect((await rows()).map(({ payload }) => payload)).toEqual([{ endpoint: 'e', body: 'of attempt 2' }])
  })

  it('is that of its own transaction alone, while its work is under way', async () => {
    const assertRefused = (outbox: Outbox<typeof effects> | undefined): void => {
      if (!outbox) throw new Error('the work was not called')
      const calls = [
        () => outbox.events.append({ eventType: 'x' }),
        () => outbox.messages.enqueue({ recipient: 'r', messageType: 'ping' }),
        () => outbox.agentState.save({ agentId: 'a', status: 'running' }),
        () => outbox.emit('webhook.deliver', { endpoint: 'e', body: 'b' }),
      ]
      for (const call of calls) {
        expect(failureOf(call)).toMatchObject({
          code: 'db.outbox.no_transaction',
          message: expect.stringContaining('db.transaction'),
        })
      }
    }
    let kept: Outbox<typeof effects> | undefined
    await db.asService().transaction(async (_tx, { outbox }) => {
      kept = outbox
      await db.as(alice).transaction(async () => assertRefused(outbox))
    })
    assertRefused(kept)
    const failed = db.asService().transaction(async (_tx, { outbox }) => {
      kept = outbox
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    assertRefused(kept)
    expect(await rows()).toEqual([])
  })

  it('checks at once what its calls would check, and lets the work go on', async () => {
    const big = { text: 'x'.repeat(65_536) }
    await db.asService().transaction(async (_tx, { outbox }) => {
      const refused: readonly (readonly [string, () => unknown])[] = [
        ['dynamo.invalid_input', () => outbox.events.append({ eventType: '' })],
        ['dynamo.invalid_input', () => outbox.events.append({ eventType: 'x', occurredAt: new Date('2999-01-01') })],
        ['dynamo.invalid_input', () => outbox.events.append({ eventType: 'x', occurredAt: new Date('2001-01-01') })],
        ['dynamo.value', () => outbox.events.append({ eventType: 'x', data: { at: new Date() } })],
        ['dynamo.invalid_input', () => outbox.messages.enqueue({ recipient: '', messageType: 'ping' })],
        ['dynamo.invalid_input', () => outbox.agentState.save({ agentId: 'a', status: 'running', progress: 101 })],
        ['db.outbox.payload_too_large', () => outbox.events.append({ eventType: 'x', data: big })],
        ['db.outbox.invalid', () => outbox.emit('webhook.deliver', { endpoint: '\ud800', body: '' })],
        ['db.outbox.invalid', () => outbox.emit('webhook.deliver', { endpoint: 'e', body: 'b' }, { key: '' })],
        ['db.outbox.invalid', () => outbox.emit('webhook.deliver', { endpoint: 'e', body: 'b' }, { key: 'a\0' })],
        [
          'db.outbox.invalid',
          () => outbox.emit('webhook.deliver', { endpoint: 'e', body: 'b' }, { notBefore: new Date(Number.NaN) }),
        ],
        // @ts-expect-error -- no effect of this context
        ['db.outbox.invalid', () => outbox.emit('other', {})],
        // @ts-expect-error -- has a call of its own
        ['db.outbox.invalid', () => outbox.emit('messages.enqueue', {})],
      ]
      for (const [code, call] of refused) expect(failureOf(call), String(call)).toMatchObject({ code })
      outbox.emit('webhook.deliver', { endpoint: 'e', body: 'b' })
    })
    expect(await rows()).toHaveLength(1)
  })

  it('takes 200 keys, and says so before anything is sent', async () => {
    await db.asService().transaction(async (_tx, { outbox }) => {
      for (let n = 0; n < 400; n += 1) {
        outbox.emit('webhook.deliver', { endpoint: 'e', body: 'b' }, { key: `key ${n % 200}` })
      }
      expect(
        failureOf(() => outbox.emit('webhook.deliver', { endpoint: 'e', body: 'b' }, { key: 'one' })),
      ).toMatchObject({
        code: 'db.outbox.too_many_keys',
      })
    })
    const found = await rows()
    expect(found).toHaveLength(400)
    expect(new Set(found.map(({ partition }) => partition)).size).toBe(16)
  })

  it('is for people what was opened to them', async () => {
    await admin(`INSERT INTO outbox_topics VALUES ('plugin.indexed', '{user}'), ('messages.enqueue', '{user}')`)
    await db.as(alice).transaction(async (_tx, { outbox }) => {
      for (const call of [
        () => outbox.emit('webhook.deliver', { endpoint: 'e', body: 'b' }),
        () => outbox.emit('plugin.indexed', { pluginId: 'of another' }),
        () => outbox.events.append({ eventType: 'x' }),
        () => outbox.events.append({ eventType: 'x', userId: wanda.webUserId }),
        () => outbox.messages.enqueue({ recipient: 'somebody', messageType: 'ping' }),
        () => outbox.agentState.save({ agentId: 'a', status: 'running' }),
      ]) {
        expect(failureOf(call)).toMatchObject({ code: 'db.outbox.not_allowed' })
      }
      outbox.emit('plugin.indexed', { pluginId: 'mine' }, { key: 'k' })
      outbox.events.append({ eventType: 'x', userId: alice.userId })
      outbox.messages.enqueue({ recipient: alice.userId, messageType: 'ping' })
    })
    await db.as(wanda).transaction(async (_tx, { outbox }) => {
      expect(failureOf(() => outbox.emit('plugin.indexed', { pluginId: 'mine' }))).toBeInstanceOf(OutboxError)
      outbox.events.append({ eventType: 'x', userId: wanda.webUserId })
    })
    const found = await rows()
    expect(found.map(({ topic, actor_kind, actor, key }) => [topic, actor_kind, actor, key])).toEqual(
      expect.arrayContaining([
        ['plugin.indexed', 'user', alice.userId, `user:${alice.userId}:k`],
        ['events.append', 'user', alice.userId, null],
        ['messages.enqueue', 'user', alice.userId, `user:${alice.userId}:${alice.userId}`],
        ['events.append', 'web_user', wanda.webUserId, null],
      ]),
    )
    expect(found).toHaveLength(4)
    await admin(`DELETE FROM outbox_topics WHERE topic <> 'events.append'`)
    const closed = db.as(alice).transaction(async (tx, { outbox }) => {
      outbox.emit('plugin.indexed', { pluginId: 'mine' })
      await tx.user.update({ where: { id: alice.userId }, data: { name: 'changed' } })
    })
    await expect(closed).rejects.toMatchObject({ code: 'db.outbox.not_open', effect: 'none' })
    expect(await db.as(alice).pg.user.findFirst()).toMatchObject({ name: null })
  })

  it('takes a thousand effects of a person', async () => {
    await db.as(alice).transaction(async (_tx, { outbox }) => {
      const append = (): unknown => outbox.events.append({ eventType: 'x', userId: alice.userId })
      for (let n = 0; n < 1000; n += 1) append()
      expect(failureOf(append)).toMatchObject({ code: 'db.outbox.too_many' })
    })
    expect(await rows()).toHaveLength(1000)
  })

  it('is typed by the effects of the context', async () => {
    type Run = Parameters<Parameters<typeof db.transaction>[0]>[1]
    expectTypeOf<Run>().not.toHaveProperty('outbox')
    await db.asService().transaction(async (_tx, { outbox }) => {
      expectTypeOf(outbox.emit).parameter(0).toEqualTypeOf<'webhook.deliver' | 'plugin.indexed'>()
      // @ts-expect-error -- lacks the body
      failureOf(() => outbox.emit('plugin.indexed', { endpoint: 'e' }))
    })
  })
})

describe('a bound on depth', () => {
  it('refuses effects while too many wait, without a relay, and leaves nothing of the transaction', async () => {
    const { SERVICE_DATABASE_URL: _, ...withoutService } = env
    await using bounded = await DatabaseContext.fromEnv({
      env: { ...withoutService, DB_OUTBOX_MAX_DEPTH: '5' },
      effects,
    })
    let tried = 0
    const rename = async (): Promise<unknown> => {
      tried += 1
      try {
        await bounded.as(alice).transaction(async (tx, { outbox }) => {
          await tx.user.update({ where: { id: alice.userId }, data: { name: `${tried}` } })
          outbox.events.append({ eventType: 'x', userId: alice.userId })
        })
        return 'done'
      } catch (error) {
        return error
      }
    }
    const fill = (notBefore?: Date): Promise<void> =>
      db.asService().transaction(async (_tx, { outbox }) => {
        for (let n = 0; n < 5; n += 1) outbox.emit('webhook.deliver', { endpoint: 'e', body: `${n}` }, { notBefore })
      })

    await fill(new Date(Date.now() + 3_600_000)) // which do not wait for a relay yet
    expect(await rename()).toBe('done')
    await expect.poll(() => bounded.stats().outbox.bound?.depth).toBeLessThan(2)
    expect(await rename()).toBe('done')
    await fill()
    await expect.poll(rename, { timeout: 20_000 }).toMatchObject({
      code: 'db.outbox.full',
      effect: 'none',
      retryable: true,
      details: { maxDepth: 5 },
      message: expect.stringContaining('db:outbox status'),
    })
    const events = await admin(`SELECT FROM outbox WHERE topic = 'events.append'`)
    expect(events).toHaveLength(tried - 1)
    const user = await bounded.as(alice).transaction((tx) => tx.user.findFirst()) // has no effects
    expect(user).toMatchObject({ name: `${tried - 1}` })
    await admin('DELETE FROM outbox')
    await expect.poll(rename, { timeout: 20_000 }).toBe('done')
    expect(bounded.stats().outbox.bound).toMatchObject({ maxDepth: 5, depth: 0 })
  })
})
