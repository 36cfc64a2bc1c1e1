import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Budget, deploy, startKillableServer, until } from '@miyabi/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Ask } from '../../src/relay/leases.js'
import { LEASE, POSTPONE } from '../../src/relay/statements.js'
import { TestProcess } from '../process.js'
import { judge, makeLedger, Receiver, RIGHT, write } from './exchange.js'
import { OutboxWorld } from './world.js'

const GRACE_MS = 60_000

describe('several relays', () => {
  let world: OutboxWorld
  beforeAll(async () => {
    world = await OutboxWorld.open()
  })
  afterAll(() => world[Symbol.asyncDispose]())
  afterEach(() => expect(world.failures).toEqual([]))
  beforeEach(async () => {
    await world.sql('TRUNCATE outbox')
    await world.sql(`UPDATE outbox_partitions SET holder = NULL, held_until = '1970-01-01Z'`)
  })

  it('share the partitions fairly, whoever comes and goes', async () => {
    const limits = { leaseMs: 1500 }
    const sizes = (...of: ReturnType<typeof world.relay>[]) => of.map((relay) => relay.stats().partitions)
    const first = world.relay({}, limits)
    await until(async () => first.stats().partitions === 16)
    const second = world.relay({}, limits)
    await until(async () => sizes(first, second).join() === '8,8')
    const third = world.relay({}, limits)
    await until(async () => sizes(first, second, third).every((size) => size >= 4 && size <= 6))
    expect(sizes(first, second, third).reduce((sum, size) => sum + size)).toBeLessThanOrEqual(16)
    await first.close(GRACE_MS)
    await until(async () => sizes(second, third).join() === '8,8')
    await second.close(GRACE_MS)
    await until(async () => third.stats().partitions === 16)
  })

  it('do not let one speak for rows whose partition it has lost meanwhile', async () => {
    let fail = (_error: Error): void => {}
    let isCut = false
    let fenced = 0
    let lease: readonly object[] = []
    // It believes that its lease was renewed, as one does whose process stood still.
    const cut: Ask = async <Row extends object>(text: string, values: readonly unknown[]) => {
      if (isCut && text === LEASE) return lease as readonly Row[]
      const answer = await world.ask<Row>(text, values)
      if (text === LEASE) lease = answer
      if (text === POSTPONE) fenced += 1
      return answer
    }
    const handle = () =>
      new Promise((_resolve, reject) => {
        fail = reject
      })
    const paused = world.relay({ x: { handle, timeoutMs: 600_000 } }, { leaseMs: 900, world: { ask: cut } })
    await world.write([{ topic: 'x', key: 'k' }])
    await until(async () => paused.stats().rows === 1)
    isCut = true
    const seen: string[] = []
    let finish = (): void => {}
    const next = world.relay(
      {
        x: {
          timeoutMs: 600_000,
          handle: (_payload, { id }) =>
            new Promise<void>((resolve) => {
              seen.push(id)
              finish = resolve
            }),
        },
      },
      { leaseMs: 5000 },
    )
    await until(async () => seen.length === 1)
    fail(new Error('of the paused one'))
    await until(async () => fenced === 1)
    expect(await world.rows()).toMatchObject([{ attempts: 0, last_error: null }])
    finish()
    expect(await next.drain(GRACE_MS)).toEqual({ drained: true })
  })

  it('send nothing in the last part of a lease that is not renewed', async () => {
    let isCut = false
    const never = new Promise<never>(() => {})
    const sentAt: number[] = []
    const relay = world.relay(
      {
        x: {
          handle: async () => {
            sentAt.push(performance.now())
            await sleep(20)
          },
        },
      },
      {
        leaseMs: 2000,
        world: { ask: (text, values) => (isCut && text === LEASE ? never : world.ask(text, values)) },
      },
    )
    await until(async () => relay.stats().partitions === 16)
    await world.write(Array.from({ length: 1000 }, () => ({ topic: 'x', key: 'k' })))
    await until(async () => sentAt.length > 0)
    isCut = true
    const cutAt = performance.now()
    let before: number
    do {
      before = sentAt.length
      await sleep(700)
    } while (sentAt.length > before)
    // The last renewal was asked for before the cut.
    expect((sentAt.at(-1) ?? 0) - cutAt).toBeLessThan(2000 * 0.7 + 700)
    expect((await world.rows()).length).toBeGreaterThan(0)
  })
})

/** A receiver of effects for processes, over HTTP. */
async function startReceiver(): Promise<Receiver & AsyncDisposable & { readonly url: string }> {
  const receiver = new Receiver()
  const server = createServer((request, response) => {
    receiver.hear(String(request.headers['idempotency-key']), String(request.headers['x-key']))
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

const LEASE_MS = 1000

const program = (url: string): string => `
  const db = await miyabi.DatabaseContext.fromEnv()
  db.relay({
    leaseMs: ${LEASE_MS},
    effects: {
      hook: {
        handle: async (_payload, { id, key, signal }) => {
          const headers = { 'idempotency-key': id, 'x-key': key }
          const { ok } = await fetch(${JSON.stringify(url)}, { method: 'POST', headers, signal })
          if (!ok) throw new Error('refused')
        },
      },
    },
  })
  console.log('works')`

describe('relays in processes of their own', () => {
  const budget = new Budget({ name: 'relay kills', short: 3, longSeconds: 300 })
  it(
    'are killed, and stopped beyond their leases: nothing is lost, doubled, or out of order',
    async () => {
      using _ = budget
      await using world = await OutboxWorld.open()
      await makeLedger(world)
      await using receiver = await startReceiver()
      const begin = (): TestProcess => new TestProcess(program(receiver.url), world.env)
      const relays = [begin(), begin()]
      await Promise.all(relays.map((relay) => relay.says('works')))
      const writing = write(world, {
        writers: 2,
        keys: 3,
        random: () => budget.random(),
        backlog: async () => (await world.ask<{ n: number }>('SELECT count(*)::int AS n FROM outbox', []))[0]?.n ?? 0,
      })
      for (let n = 0; budget.next(); n++) {
        await sleep(200 + budget.random() * 500)
        const at = n % relays.length
        const relay = relays[at]
        if (n % 3 === 1) {
          relay?.child.kill('SIGSTOP')
          await sleep(LEASE_MS * 1.5)
          relay?.child.kill('SIGCONT')
        } else {
          relay?.child.kill('SIGKILL')
          relays[at] = begin()
        }
      }
      await writing.stop()
      await until(async () => (await world.rows()).length === 0)
      await sleep(100)
      expect(await judge(world, receiver)).toMatchObject({ ...RIGHT, rows: writing.committed })
      await Promise.all(relays.map((relay) => relay[Symbol.asyncDispose]()))
    },
    budget.timeoutMs,
  )
})

/** Those of the repository, in their order. */
function migrations(): { readonly name: string; readonly up: string }[] {
  const folder = path.resolve(import.meta.dirname, '../../../../prisma/migrations')
  const names = readdirSync(folder).filter((name) => existsSync(path.join(folder, name, 'migration.sql')))
  return names.sort().map((name) => ({ name, up: readFileSync(path.join(folder, name, 'migration.sql'), 'utf8') }))
}

describe('a relay whose servers are killed', () => {
  const budget = new Budget({ name: 'relay servers killed', short: 2, longSeconds: 300 })
  it(
    'goes on when they are back, with nothing lost, doubled, or out of order',
    async () => {
      using _ = budget
      await using server = await startKillableServer()
      await deploy(server.directDatabaseUrl, migrations())
      await using world = await OutboxWorld.over(server, server.dynamodbEndpoint)
      await makeLedger(world)
      const receiver = new Receiver()
      const relay = world.relay(
        { hook: { handle: async ({ id }: { id: string }, { key = '' }) => receiver.hear(id, key) } },
        { leaseMs: 2000 },
      )
      const writing = write(world, {
        writers: 2,
        keys: 3,
        random: () => budget.random(),
        backlog: async () =>
          world.ask<{ n: number }>('SELECT count(*)::int AS n FROM outbox', []).then(
            ([row]) => row?.n ?? 0,
            () => 0,
          ),
        mayFail: true,
      })
      for (let n = 0; budget.next(); n++) {
        await sleep(300 + budget.random() * 500)
        if (n % 2 === 0) {
          server.kill()
          await server.returned()
        } else {
          server.killDynamodb()
          await server.dynamodbReturned()
        }
      }
      await sleep(200)
      await writing.stop()
      expect(await relay.drain(GRACE_MS)).toEqual({ drained: true })
      await until(async () => (await world.rows()).length === 0)
      expect(await judge(world, receiver)).toMatchObject(RIGHT)
      expect((await world.dead()).length).toBe(0)
    },
    budget.timeoutMs,
  )
})
