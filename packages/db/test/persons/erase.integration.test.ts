import { randomUUID } from 'node:crypto'
import { sql, startTcpProxy, type TestDatabase, until } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ConfigError,
  DatabaseContext,
  type Identity,
  type PersonalItem,
  type StatementFacts,
} from '../../src/index.js'
import { type Place, places } from '../../src/persons/places.js'
import { testEnvironment } from '../environment.js'
import { type Common, type Planted, plantUser, plantWebUser } from './planted.js'
import { dumpOf, linesWith, tablesOf } from './stores.js'

const ERASURE_KEY = 'a key of these tests, and no other one'
const plants = { user: plantUser, webUser: plantWebUser } as const

let database: TestDatabase
let env: Record<string, string>
let common: Common
beforeAll(async () => {
  ;({ database, env } = await testEnvironment())
  const db = await DatabaseContext.fromEnv({ env: { ...env, ERASURE_KEY } })
  const owner: Common['owner'] = (text, values = []) => sql(database.directDatabaseUrl, text, [...values])
  const ask: Common['ask'] = async (text, values) => (await db.asService().query(text, values)).rows
  const plugin = { name: 'p', displayName: 'P', source: 'github:o/p', version: '1.0.0', tier: 'pro' } as const
  const { id: pluginId } = await db.asService().pg.plugin.create({ data: { id: 'common', ...plugin } })
  common = { db, ask, owner, prefix: env['DYNAMODB_TABLE_PREFIX'] ?? '', pluginId }
})
afterAll(async () => {
  await common.db.close()
  await database.drop()
})

/**
 * Columns of texts and documents that must hold the marker before, by the catalog: those that go, or are emptied, and
 * may hold any text.
 */
async function columnsToPlant(kind: 'user' | 'webUser'): Promise<readonly string[]> {
  const rows = await common.owner(
    `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns AS c
      WHERE table_schema = 'public' AND udt_name IN ('text', 'citext', 'json', 'jsonb', '_text', 'varchar')
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = c.table_name || '_' || c.column_name || '_known')
        AND column_name <> 'plugin_id'`,
  )
  return rows.flatMap(({ table, column }) => {
    const place: Place | undefined = places[table as keyof typeof places]
    if (place === undefined || place.action === 'keep' || place[kind] === undefined) return []
    if (place.action === 'anonymize' && !(String(column) in place.set)) return []
    return [`${table}.${column}`]
  })
}

/** Columns whose value says what kind of person it is. */
const OF_THE_KIND = ['commit_marks.actor_kind', 'outbox_dead.actor_kind']

async function columnsWith(marker: string): Promise<readonly string[]> {
  const reads = (await tablesOf(common.owner)).map(
    (table) =>
      `SELECT '${table}.' || cell.key AS name FROM ${table} AS t, json_each_text(to_json(t)) AS cell WHERE cell.value ILIKE '%' || $1 || '%'`,
  )
  return (await common.owner(reads.join(' UNION '), [marker])).map(({ name }) => String(name))
}

const collect = async (items: AsyncIterable<PersonalItem>): Promise<PersonalItem[]> => {
  const all: PersonalItem[] = []
  for await (const item of items) all.push(item)
  return all
}

const observing = (db: DatabaseContext, statement: (facts: StatementFacts) => void): Disposable => ({
  [Symbol.dispose]: db.observe({ statement }),
})

/**
 * Where a relay works, the deletion of a user leaves word for the cache in the outbox, until the relay has taken it
 * there.
 */
const isForCache = (line: string): boolean => line.startsWith('outbox ') && line.includes('"topic":"tags"')

const speaksOf = (dump: readonly string[], { id, marker }: Planted): readonly string[] =>
  [...linesWith(dump, marker), ...linesWith(dump, id)].filter((line) => !isForCache(line))

describe.each(['user', 'webUser'] as const)('erasing a %s', (kind) => {
  it('leaves nothing of them in any place, and everything of everybody else', async () => {
    const { db, owner } = common
    const [person, other] = [await plants[kind](common), await plants[kind](common)]
    const planted = await columnsWith(person.marker)
    expect([...planted, ...OF_THE_KIND]).toEqual(expect.arrayContaining([...(await columnsToPlant(kind))]))
    const before = await dumpOf(owner, db)
    const tables = new Set(linesWith(before, person.marker).map((line) => line.split(' ')[0]))
    for (const name of ['MiyabiEvents', 'MiyabiAgentState', 'MiyabiWebSocketMessages'])
      expect([...tables]).toContain(common.prefix + name)

    const counted = await db.erase(person.identity, { dryRun: true })
    expect(await dumpOf(owner, db)).toEqual(before)
    const erased = await db.erase(person.identity)

    const after = await dumpOf(owner, db)
    expect(speaksOf(after, person)).toEqual([])
    expect(linesWith(after, other.marker)).toEqual(linesWith(before, other.marker))
    expect(linesWith(after, other.id)).toEqual(linesWith(before, other.id))
    expect(counted).toEqual(erased)
    expect(erased).toMatchObject({ isKnown: true, underWay: 0 })
    const held = Object.entries<Place>(places).flatMap(([table, place]) =>
      place.action !== 'keep' && place[kind] !== undefined ? [`postgres.${table}`] : [],
    )
    expect(erased.places.map(({ place }) => place)).toEqual([
      ...held,
      'dynamodb.events',
      'dynamodb.agentState',
      'dynamodb.messages',
    ])

    expect(await db.erase(person.identity)).toEqual({ isKnown: false, places: [], underWay: 0 })
    const again = await dumpOf(owner, db)
    const isMark = (line: string): boolean => line.startsWith('commit_marks ') || line.startsWith('erasures ')
    expect(again.filter((line) => !isMark(line))).toEqual(after.filter((line) => !isMark(line)))
  })

  it('is preceded by an export, if one is asked for, of every place and as plain JSON', async () => {
    const person = await plants[kind](common)
    if (person.identity.webUserId !== undefined)
      await common.owner(
        `INSERT INTO execution_logs (execution_id, log_level, message)
         SELECT id, 'INFO', 'line ' || n FROM agent_executions, generate_series(1, 1201) AS n WHERE user_id = $1`,
        [person.id],
      )
    const items = await collect(common.db.export(person.identity))
    const { places: counted } = await common.db.erase(person.identity, { dryRun: true })
    const counts: Record<string, number> = {}
    for (const { place } of items) counts[place] = (counts[place] ?? 0) + 1
    expect(Object.fromEntries(counted.map(({ place, count }) => [place, count]))).toEqual(counts)
    expect(JSON.parse(JSON.stringify(items))).toEqual(items)
    expect(items.filter((item) => linesWith([JSON.stringify(item)], person.marker).length === 0)).not.toContainEqual(
      expect.objectContaining({ place: 'dynamodb.events' }),
    )
    const table = kind === 'user' ? 'users' : 'web_users'
    const [own] = items.filter(({ place }) => place === `postgres.${table}`)
    expect(own?.item).toMatchObject({ id: person.id, created_at: expect.stringMatching(/^\d{4}-.*T.*\.\d{3}Z$/) })
    if (kind === 'user')
      expect(items).toContainEqual({
        place: 'postgres.usage_aggregates',
        item: expect.objectContaining({ tokens: '9007199254740993' }),
      })
    expect(items).toContainEqual({
      place: 'dynamodb.events',
      item: expect.objectContaining({ data: { note: person.marker, big: String(2n ** 60n) } }),
    })
  })
})

describe('erasing', () => {
  it('keeps what was sold, under a user who is nobody, and every key revoked', async () => {
    const { db, owner } = common
    const person = await plantUser(common)
    await db.erase(person.identity)
    const [license] = await owner(
      `SELECT l.user_id, l.revoked, u.email, (SELECT sum(quantity)::int FROM usage_events WHERE user_id = u.id) AS used
         FROM licenses AS l JOIN users AS u ON u.id = l.user_id WHERE l.license_key = 'erased:' || l.id ORDER BY l.id DESC`,
    )
    expect(license).toMatchObject({ revoked: true, used: 3, email: `erased-${license?.['user_id']}@erased.invalid` })
    for (const key of ['s', 'l', 't'].map((letter) => `${letter}-${person.marker}`)) {
      const { rows } = await db.asService().query('SELECT license_is_revoked($1) AS revoked', [key])
      expect(rows).toEqual([{ revoked: true }])
    }
  })

  it('finds what its effects and items are named by, and no name that somebody else has', async () => {
    const { db } = common
    const [person, other] = [await plantWebUser(common), await plantWebUser(common)]
    await common.owner('UPDATE web_users SET github_username = $1, email = $2 WHERE id = $3', [
      person.marker,
      `${person.marker}@example.com`,
      other.id,
    ])
    await common.owner('UPDATE web_users SET line_user_id = $1 WHERE id = $2', [other.id.toUpperCase(), person.id])
    await db.dynamodb.events.append({ eventType: 'webhook', userId: person.marker, data: { of: 'either' } })
    await db.dynamodb.events.append({ eventType: 'webhook', userId: other.id.toUpperCase(), data: { of: 'the other' } })
    await db.dynamodb.messages.enqueue({ recipient: 'session-7', messageType: 'ping', payload: { m: 'of a session' } })
    await db.erase(person.identity)
    for (const name of [person.marker, other.id, other.id.toUpperCase()])
      expect((await db.dynamodb.events.byUser(name)).items.length).toBeGreaterThan(0)
    expect((await db.dynamodb.messages.undelivered('session-7')).items).toHaveLength(1)
    await db.erase(other.identity, { alsoKnownAs: ['session-7'] })
    expect((await db.dynamodb.events.byUser(person.marker)).items).toEqual([])
    expect((await db.dynamodb.messages.undelivered('session-7')).items).toEqual([])
  })

  it('leaves the lines of a log that only hold a part of a name, or a word that is one', async () => {
    const { db, owner } = common
    const { identity, id, marker } = await plantWebUser(common)
    const email = `${marker}@example.com`
    const [kept, gone] = [
      [`x${email}`, `${email}.au`, `${id}0`, 'error'],
      [`(${email})`, `${email}.`, id.toUpperCase()],
    ]
    await owner("UPDATE web_users SET github_username = 'error' WHERE id = $1", [id])
    for (const message of [...kept, ...gone])
      await owner("INSERT INTO logs (level, message) VALUES ('info', $1)", [message])
    await db.erase(identity)
    const left = await owner('SELECT message FROM logs WHERE message = ANY ($1)', [[...kept, ...gone]])
    expect(left.map(({ message }) => message)).toEqual(kept)
  })

  it('needs the service, an identity and the key, and says so before anything happens', async () => {
    const person = await plantUser(common)
    const { SERVICE_DATABASE_URL: _, ...noService } = env
    await using without = await DatabaseContext.fromEnv({ env: noService })
    await using keyless = await DatabaseContext.fromEnv({ env })
    const faultOf = async (work: Promise<unknown>): Promise<string | undefined> =>
      work.then(
        () => undefined,
        (error: ConfigError) => error.details.faults[0]?.name,
      )
    expect(await faultOf(without.erase(person.identity))).toBe('SERVICE_DATABASE_URL')
    expect(await faultOf(keyless.erase(person.identity))).toBe('ERASURE_KEY')
    expect(await faultOf(keyless.eraseMarked([]))).toBe('ERASURE_KEY')
    expect((await keyless.erase(person.identity, { dryRun: true })).isKnown).toBe(true)
    await expect(common.db.erase({ userId: 'alice' })).rejects.toMatchObject({ code: 'postgres.identity.invalid' })
    expect(() => common.db.export({} as Identity)).toThrow(
      expect.objectContaining({ code: 'postgres.identity.invalid' }),
    )
    await expect(common.db.erase(person.identity, { alsoKnownAs: [''] })).rejects.toMatchObject({
      code: 'dynamo.invalid_input',
    })
    expect((await collect(keyless.export(person.identity))).length).toBeGreaterThan(10)
    expect(await common.db.erase({ userId: randomUUID() })).toEqual({ isKnown: false, places: [], underWay: 0 })
  })

  it('is done again by its marks, on a store from before it', async () => {
    const { db, owner } = common
    const [user, webUser, other] = [await plantUser(common), await plantWebUser(common), await plantUser(common)]
    // What a backup from before would bring back: the same people.
    await db.erase(user.identity)
    await db.erase(webUser.identity)
    const marks = (await owner('SELECT mark, at FROM erasures')).map(({ mark }) => ({ mark: String(mark) }))
    await owner('INSERT INTO users (id, email, name) VALUES ($1, $2, $3)', [user.id, 'back@example.com', user.marker])
    await owner('INSERT INTO web_users (id, github_id, github_username) VALUES ($1, 7, $2)', [
      webUser.id,
      webUser.marker,
    ])
    await db.dynamodb.events.append({ eventType: 'webhook', userId: user.id, data: { note: user.marker } })
    const before = linesWith(await dumpOf(owner, db), other.marker)
    const erased = await db.eraseMarked(marks)
    expect(erased.map(({ identity }) => identity)).toEqual([user.identity, webUser.identity])
    const after = await dumpOf(owner, db)
    expect([...speaksOf(after, user), ...speaksOf(after, webUser)]).toEqual([])
    expect(linesWith(after, other.marker)).toEqual(before)
  })

  it('waits for effects that a relay is carrying out, and deletes what they did', async () => {
    const { db } = common
    const person = await plantUser(common)
    await common.ask('DELETE FROM outbox')
    const endpoint = env['DYNAMODB_ENDPOINT'] ?? ''
    await using network = await startTcpProxy(endpoint)
    const changed = { DYNAMODB_ENDPOINT: network.url(endpoint), DYNAMODB_ATTEMPT_TIMEOUT_MS: '1000' }
    await using relayed = await DatabaseContext.fromEnv({ env: { ...env, ...changed } })
    await relayed.dynamodb.events.get('any', person.id) // its client is there, so that the relay has only to write
    network.blackHole()
    await using relay = relayed.relay()
    await db.asService().transaction(async (_tx, { outbox }) => {
      outbox.events.append({ eventType: 'webhook', userId: person.id, data: { note: person.marker } })
    })
    await until(async () => relay.stats().rows > 0)
    let looks = 0
    using _observing = observing(db, ({ collection, operation }) => {
      if (operation === 'SELECT' && collection === 'outbox') looks += 1
    })
    const erasing = db.erase(person.identity)
    await Promise.race([until(async () => looks > 2), erasing])
    await network.pass()
    expect((await erasing).underWay).toBe(0)
    await relay.close()
    expect(speaksOf(await dumpOf(common.owner, db), person)).toEqual([])
  })

  it('looks again for what came meanwhile, and tells of effects that may still come', async () => {
    const { db, ask } = common
    const person = await plantUser(common)
    let release = (): void => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const holding = db.asService().transaction(async (_tx, { query }) => {
      await query('SELECT FROM users WHERE id = $1 FOR UPDATE', [person.id])
      await released
    })
    const erasing = db.erase(person.identity)
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    await until(async () => (await sql(database.serviceDatabaseUrl, waiting)).length > 0) // of its own login it sees all
    const data = { note: person.marker }
    await db.dynamodb.events.append({ eventType: 'webhook', userId: person.id, data })
    await ask("INSERT INTO outbox (id, topic, payload) VALUES (gen_random_uuid(), 'events.append', $1)", [
      JSON.stringify({ eventType: 'webhook', userId: person.id, data }),
    ])
    await ask("UPDATE outbox_partitions SET holder = gen_random_uuid(), held_until = now() + interval '1 hour'")
    release()
    await holding
    const { underWay } = await erasing
    await ask("UPDATE outbox_partitions SET holder = NULL, held_until = '1970-01-01Z'")
    expect(underWay).toBeGreaterThan(0)
    expect(speaksOf(await dumpOf(common.owner, db), person)).toEqual([])
  })
})
