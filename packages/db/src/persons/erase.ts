import { sleep } from '@miyabi/core'
import type { PersonCounts } from '@miyabi/dynamo'
import type { Queries } from '@miyabi/postgres'
import { ID, LICENSE_KEYS, PERSON } from './conditions.js'
import type { ExportOptions, PersonHost } from './export.js'
import { assertErasureKey, markOf, type Subject } from './mark.js'
import { type PlaceOf, placesOf } from './pages.js'
import { type Person, parametersOf, readAgents, readPerson, type Service } from './person.js'

export interface EraseOptions extends ExportOptions {
  /** Counts, and changes nothing. Default false. */
  readonly dryRun?: boolean
}

/** What one place held of a person, and what was done with it. */
export interface ErasedPlace {
  /** As of `PersonalItem`. */
  readonly place: string
  readonly count: number
  /** `anonymized`: it stays, and nothing in it identifies the person. */
  readonly outcome: 'deleted' | 'anonymized'
}

/** The result of an erasure. */
export interface Erasure {
  /** Whether the person existed. */
  readonly isKnown: boolean
  /** Places that held something. */
  readonly places: readonly ErasedPlace[]
  /**
   * Effects that a relay may have been delivering while they were deleted: if there are any, erase again after a
   * minute, which finds what they left.
   */
  readonly underWay: number
}

export interface EraseHost extends PersonHost {
  readonly service: Service & Pick<Queries, 'transaction'>
  /** `ERASURE_KEY`. */
  readonly erasureKey: string | undefined
}

/** Limit of the whole run, including waits for locks and for many rows. */
const DEADLINE_MS = 3_600_000
/** How long relays are given to deliver what is due, so that what they write can be deleted. */
const SETTLE = { limitMs: 5_000, pauseMs: 50 }

/**
 * Erases a person from both stores. DynamoDB first, while PostgreSQL still holds the identifiers of its items; so it
 * may be interrupted anywhere, and restarts. DynamoDB again at the end, for items written meanwhile.
 */
export async function erasePerson(host: EraseHost, subject: Subject, options: EraseOptions): Promise<Erasure> {
  const { service, dynamodb, erasureKey } = host
  const { dryRun = false, alsoKnownAs = [], signal } = options
  if (!dryRun) assertErasureKey(erasureKey)
  signal?.throwIfAborted()
  const person = await readPerson(service, subject, alsoKnownAs)
  const keys = { ...person, agents: await readAgents(service, person) }
  if (dryRun || erasureKey === undefined) {
    const rows = await countRows(service, person)
    return erasureOf(person, rows, await countItems(dynamodb, keys, signal), 0)
  }
  await settle(service, person, signal)
  const before = await dynamodb.persons.erase(keys, { signal })
  const { rows, underWay } = await eraseRows(host, person, markOf(subject, erasureKey), signal)
  const after = await dynamodb.persons.erase(keys, { signal })
  const items = {
    events: before.events + after.events,
    agentState: before.agentState + after.agentState,
    messages: before.messages + after.messages,
  }
  return erasureOf(person, rows, items, underWay)
}

type Counted = readonly (readonly [place: PlaceOf, count: number])[]

const erasureOf = (person: Person, rows: Counted, items: PersonCounts, underWay: number): Erasure => {
  const ofTables = rows.map(
    ([{ table, place }, count]): ErasedPlace => ({
      place: `postgres.${table}`,
      count,
      outcome: place.action === 'delete' ? 'deleted' : 'anonymized',
    }),
  )
  const ofItems = Object.entries(items).map(
    ([table, count]): ErasedPlace => ({ place: `dynamodb.${table}`, count, outcome: 'deleted' }),
  )
  return { isKnown: person.isKnown, places: [...ofTables, ...ofItems].filter(({ count }) => count > 0), underWay }
}

async function countRows(service: Service, person: Person): Promise<Counted> {
  const counts: [PlaceOf, number][] = []
  for (const place of placesOf(person.kind)) {
    const text = `${PERSON} SELECT count(*)::integer AS count FROM ${place.table} WHERE ${place.where}`
    const { rows } = await service.query<{ readonly count: number }>(text, parametersOf(person))
    counts.push([place, rows[0]?.count ?? 0])
  }
  return counts
}

async function countItems(
  dynamodb: EraseHost['dynamodb'],
  keys: Parameters<EraseHost['dynamodb']['persons']['items']>[0],
  signal: AbortSignal | undefined,
): Promise<PersonCounts> {
  const counts = { events: 0, agentState: 0, messages: 0 }
  for await (const { table } of dynamodb.persons.items(keys, { signal })) counts[table] += 1
  return counts
}

/** Effects of the person that some relay may currently be delivering: of partitions that one holds. */
const underWayOf = ({ where }: PlaceOf): string => `${PERSON}
  SELECT count(*)::integer AS count FROM outbox JOIN outbox_partitions AS part USING (partition)
   WHERE part.held_until > now() AND outbox.due_at <= now() AND (${where})`

const outboxOf = (person: Person): PlaceOf | undefined => placesOf(person.kind).find(({ table }) => table === 'outbox')

async function countUnderWay({ query }: Service, person: Person): Promise<number> {
  const outbox = outboxOf(person)
  if (!outbox) return 0
  const { rows } = await query<{ readonly count: number }>(underWayOf(outbox), parametersOf(person))
  return rows[0]?.count ?? 0
}

/**
 * Waits, for a limited time, until the relays have delivered what is due: a row is removed only after its effect was
 * delivered.
 */
async function settle(service: Service, person: Person, signal: AbortSignal | undefined): Promise<void> {
  const until = performance.now() + SETTLE.limitMs
  while ((await countUnderWay(service, person)) > 0 && performance.now() < until) {
    signal?.throwIfAborted()
    await sleep(SETTLE.pauseMs)
  }
}

/** License keys of the person become invalid: `license_is_revoked` knows one by its hash. */
const REVOKE_KEYS = `${PERSON}
  INSERT INTO revoked_licenses (license_key, revoked_at)
  SELECT 'sha256:' || encode(sha256(convert_to(keys.license_key, 'UTF8')), 'hex'), coalesce(revoked.revoked_at, current_instant())
    FROM ${LICENSE_KEYS} AS keys LEFT JOIN revoked_licenses AS revoked USING (license_key)
  ON CONFLICT DO NOTHING`

/** A new, empty user who owns what is kept: nothing links it to this person. */
const MAKE_HEIR = `${PERSON}, heir AS (SELECT time_ordered_id() AS id)
  INSERT INTO users (id, email) SELECT id, 'erased-' || id || '@erased.invalid' FROM heir
   WHERE EXISTS (SELECT FROM licenses WHERE user_id = ${ID}) OR EXISTS (SELECT FROM subscriptions WHERE user_id = ${ID})
      OR EXISTS (SELECT FROM usage_events WHERE user_id = ${ID}) OR EXISTS (SELECT FROM usage_aggregates WHERE user_id = ${ID})
  RETURNING id::text AS id`

/** The record of an erasure. One that found no person leaves no new record. */
const MARK = `INSERT INTO erasures (mark) VALUES ($1) ON CONFLICT (mark) DO UPDATE SET at = excluded.at`
const MARK_AGAIN = 'UPDATE erasures SET at = current_instant() WHERE mark = $1'

function eraseRows(
  { service }: EraseHost,
  person: Person,
  mark: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly rows: Counted; readonly underWay: number }> {
  return service.transaction(
    async (_tx, run) => {
      // All rows are deleted in one transaction, however many there are.
      await run.query("SELECT set_config('statement_timeout', '0', true)")
      const table = person.kind === 'user' ? 'users' : 'web_users'
      // A writer that adds something belonging to the person waits, and then finds no person.
      const { rowCount } = await run.query(`SELECT FROM ${table} WHERE id = $1 FOR UPDATE`, [person.id])
      const underWay = await countUnderWay(run, person)
      if (person.kind === 'user') await run.query(REVOKE_KEYS, parametersOf(person))
      const heir =
        person.kind === 'user'
          ? (await run.query<{ readonly id: string }>(MAKE_HEIR, parametersOf(person))).rows[0]?.id
          : undefined
      const rows: [PlaceOf, number][] = []
      for (const place of placesOf(person.kind)) {
        const erased = await run.query(erasing(place), parametersOf(person, heir ?? null))
        rows.push([place, erased.rowCount ?? 0])
      }
      await run.query(rowCount === 0 ? MARK_AGAIN : MARK, [mark])
      return { rows, underWay }
    },
    { deadlineMs: DEADLINE_MS, certain: true, ...(signal && { signal }) },
  )
}

const erasing = ({ table, place, where }: PlaceOf): string => {
  if (place.action === 'delete') return `${PERSON} DELETE FROM ${table} WHERE ${where}`
  const sets = Object.entries(place.set).map(([column, value]) => `${column} = ${value}`)
  return `${PERSON} UPDATE ${table} SET ${sets.join(', ')} WHERE ${where}`
}
