import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Budget } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import {
  type Identity,
  isPostgresError,
  type Postgres,
  type PrismaClient,
  type ScopedPostgres,
} from '../../src/index.js'
import { leftovers } from './leftovers.js'
import { newPerson, newWebPerson, PLUGIN, usePeople } from './people.js'
import { onEachServer } from './servers.js'

const IS_LONG = Boolean(process.env['MIYABI_TEST_LONG'])
const PEOPLE = IS_LONG ? 200 : 24
const WORKERS = IS_LONG ? 64 : 24

/** Everybody's rows carry who they belong to; whatever somebody gets is compared with that. */
interface Somebody {
  readonly owner: string
  readonly identity: Identity
  /** Rows of theirs, that the others ask for too. */
  readonly ids: { readonly parent: string; readonly child: string }
}

/** Whose rows an answer held. */
type Owners = readonly (string | null | undefined)[]
type Tx = Pick<
  PrismaClient,
  | 'pluginSubmission'
  | 'user'
  | 'subscription'
  | 'repository'
  | 'agentExecution'
  | 'executionLog'
  | '$queryRaw'
  | '$executeRaw'
>

/** In which a long run says how far it is. */
const PROGRESS_MS = 30_000

/** Where the choices of the test under way come from. */
let random = Math.random
const any = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
const chance = (of: number): boolean => random() < of

/** What somebody asks of the marketplace; `other` is whose rows they go for. */
const asUser: readonly ((prisma: Tx, me: Somebody, other: Somebody) => PromiseLike<Owners>)[] = [
  (prisma, _me, { ids }) => prisma.subscription.findUnique({ where: { id: ids.parent } }).then((row) => [row?.userId]),
  (prisma, _me, { owner }) =>
    prisma.subscription
      .findUnique({ where: { userId_pluginId: { userId: owner, pluginId: PLUGIN } } })
      .then((row) => [row?.userId]),
  (prisma, _me, { owner }) =>
    prisma.user
      .findUnique({ where: { id: owner } })
      .subscriptions()
      .then((rows) => (rows ?? []).map((row) => row.userId)),
  (prisma, _me, { owner }) =>
    prisma.user
      .findMany({ where: chance(0.5) ? {} : { id: owner }, include: { pluginSubmissions: true, subscriptions: true } })
      .then((rows) => rows.flatMap(({ id, ...row }) => [id, ...row.pluginSubmissions.map((each) => each.userId)])),
  (prisma) =>
    prisma.$queryRaw<{ user_id: string }[]>`SELECT user_id FROM plugin_submissions`.then((rows) =>
      rows.map((row) => row.user_id),
    ),
  (prisma, _me, { ids }) =>
    prisma.pluginSubmission
      .updateManyAndReturn({ where: { id: ids.child }, data: { pluginData: { again: random() } } })
      .then((rows) => rows.map((row) => row.userId)),
  (prisma, me, { owner }) =>
    prisma.pluginSubmission
      .create({ data: { userId: chance(0.5) ? me.owner : owner, pluginData: { extra: true } } })
      .then((row) => [row.userId]),
  (prisma) => prisma.pluginSubmission.deleteMany({ where: { pluginData: { equals: { extra: true } } } }).then(() => []),
  (prisma, _me, { owner }) =>
    prisma.$executeRaw`UPDATE users SET name = name WHERE id = ${owner}::uuid`.then((count) => (count ? [owner] : [])),
]

/** And of the web UI. */
const asWebUser: typeof asUser = [
  (prisma, _me, { ids }) => prisma.repository.findUnique({ where: { id: ids.parent } }).then((row) => [row?.userId]),
  (prisma, _me, { ids }) =>
    prisma.repository
      .findUnique({ where: { id: ids.parent } })
      .agentExecutions()
      .then((rows) => (rows ?? []).map((row) => row.userId)),
  (prisma, _me, { ids }) =>
    prisma.agentExecution
      .findMany({ where: chance(0.5) ? {} : { id: ids.child }, include: { logs: true, repository: true } })
      .then((rows) => rows.flatMap((row) => [row.userId, row.repository.userId])),
  (prisma) =>
    prisma.$queryRaw<{ message: string; user_id: string }[]>`
      SELECT user_id FROM execution_logs JOIN agent_executions ON execution_id = agent_executions.id`.then((rows) =>
      rows.map((row) => row.user_id),
    ),
  (prisma, me, { ids }) =>
    prisma.agentExecution
      .update({
        where: { id: ids.child },
        data: { logs: { create: { logLevel: 'INFO', message: me.owner } } },
        include: { logs: true },
      })
      .then((row) => [row.userId, ...row.logs.map((log) => (log.message.includes(' ') ? row.userId : log.message))]),
  (prisma, me, { ids }) =>
    prisma.executionLog
      .create({ data: { executionId: ids.child, logLevel: 'INFO', message: me.owner }, include: { execution: true } })
      .then((row) => [row.execution.userId]),
  (prisma, me) => prisma.executionLog.deleteMany({ where: { message: me.owner } }).then(() => []),
]

/** Refusals that a foreign row may meet with; anything else is a failure of the test. */
const REFUSALS = new Set([
  'postgres.row_security',
  'postgres.not_found',
  'postgres.foreign_key_violation',
  'postgres.permission_denied',
])
class Changed extends Error {}

onEachServer((open, isOldest) => {
  const options = isOldest
    ? { name: 'operations of many people on PostgreSQL 15', short: 1_000, longSeconds: 240 }
    : { name: 'operations of many people on PostgreSQL 18', short: 2_000, longSeconds: 900 }
  const bench = usePeople(open, { maxConnections: 6, acquireTimeoutMs: 60_000 })

  async function everybody(service: Postgres): Promise<Somebody[]> {
    const people: Somebody[] = []
    for (let n = 0; n < PEOPLE / 2; n += 1) {
      const { userId, subscriptionId, submissionId } = await newPerson(service, `person-${n}`)
      people.push({ owner: userId, identity: { userId }, ids: { parent: subscriptionId, child: submissionId } })
      const web = await newWebPerson(service, `web-${n}`, BigInt(1000 + n))
      const { webUserId, repositoryId, executionId } = web
      people.push({ owner: webUserId, identity: { webUserId }, ids: { parent: repositoryId, child: executionId } })
    }
    return people
  }

  describe('many people over one pool', () => {
    it(
      `see and change no row of anybody else in ${options.short} operations and more`,
      async () => {
        using budget = new Budget(options)
        random = () => budget.random()
        const { postgres, service } = bench
        const people = await everybody(service)
        const foreign: string[] = []
        const strange: unknown[] = []
        let refused = 0
        let answered = 0

        const note = (me: Somebody, owners: Owners): void => {
          for (const owner of owners) {
            if (owner === null || owner === undefined) continue
            answered += 1
            if (owner !== me.owner) foreign.push(`${me.owner} got a row of ${owner}`)
          }
        }
        const noteError = (error: unknown): void => {
          if (error instanceof Changed) return
          const { code } = toPostgresError(error)
          if (REFUSALS.has(code)) refused += 1
          else if (code !== 'postgres.transaction_timeout') strange.push(error) // Prisma's own, where the machine is busy
        }
        const kindOf = (me: Somebody) => ('userId' in me.identity ? asUser : asWebUser)
        const victimOf = (me: Somebody): Somebody =>
          chance(0.4) ? me : any(people.filter((other) => kindOf(other) === kindOf(me)))
        const one = (prisma: Tx, me: Somebody): PromiseLike<void> => {
          budget.rounds += 1
          return any(kindOf(me))(prisma, me, victimOf(me)).then((owners) => note(me, owners), noteError)
        }

        /**
         * How operations come: alone, in one tick with those of others, in a transaction that ends well or not, in a
         * batch.
         */
        const shapes: readonly ((scope: ScopedPostgres, me: Somebody) => Promise<unknown>)[] = [
          (scope, me) => Promise.resolve(one(scope.prisma, me)),
          (scope, me) => Promise.all([one(scope.prisma, me), one(scope.prisma, me), one(scope.prisma, me)]),
          () =>
            Promise.all(
              [1, 2, 3, 4].map(() => {
                const other = any(people)
                return one(postgres.as(other.identity).prisma, other)
              }),
            ),
          (scope, me) =>
            scope
              .transaction(
                async (tx) => {
                  for (let n = 0; n < 3; n += 1) {
                    budget.rounds += 1
                    note(me, await any(kindOf(me))(tx, me, victimOf(me)))
                  }
                  if (chance(0.3)) throw new Changed()
                },
                { deadlineMs: 60_000 },
              )
              .catch(noteError),
          (scope, me) => {
            budget.rounds += 2
            const { prisma } = scope
            const { parent } = victimOf(me).ids
            const batch =
              kindOf(me) === asUser
                ? prisma.$transaction([
                    prisma.subscription.findUnique({ where: { id: parent } }),
                    prisma.subscription.findFirst(),
                  ])
                : prisma.$transaction([
                    prisma.repository.findUnique({ where: { id: parent } }),
                    prisma.repository.findFirst(),
                  ])
            return batch.then(
              (rows) =>
                note(
                  me,
                  rows.map((row) => row?.userId),
                ),
              noteError,
            )
          },
          async (scope, me) => {
            budget.rounds += 1
            const text =
              kindOf(me) === asUser ? 'SELECT user_id FROM subscriptions' : 'SELECT user_id FROM agent_executions'
            const { rows } = await scope.query<{ user_id: string }>(text)
            note(
              me,
              rows.map((row) => row.user_id),
            )
          },
          // Beside somebody, in the same tick: whoever does not say who they are, and an id of nobody.
          async (scope, me) => {
            budget.rounds += 2
            const nobody = postgres.as({ userId: randomUUID() }).prisma.subscription.findMany()
            const [, seen, refusal] = await Promise.all([
              one(scope.prisma, me),
              nobody,
              postgres.prisma.subscription
                .findUnique({ where: { id: victimOf(me).ids.parent } })
                .catch(toPostgresError),
            ])
            for (const row of seen) foreign.push(`nobody got a row of ${row.userId}`)
            if (!isPostgresError(refusal, 'postgres.identity.missing')) strange.push(refusal)
          },
        ]
        const worker = async (): Promise<void> => {
          while (budget.next(0)) {
            const me = any(people)
            await any(shapes)(postgres.as(me.identity), me).catch((error) => strange.push(error))
            if (chance(0.01)) await delay(1)
          }
        }
        const before = await bench.admin(SNAPSHOT)
        const startedAt = Date.now()
        const progress = setInterval(() => {
          const seconds = Math.round((Date.now() - startedAt) / 1000)
          console.info(`${budget.rounds} operations after ${seconds} s: ${answered} rows seen, ${refused} refusals`)
        }, PROGRESS_MS)
        await Promise.all(Array.from({ length: WORKERS }, worker)).finally(() => clearInterval(progress))
        expect(strange.slice(0, 3)).toEqual([])
        expect(foreign.slice(0, 3)).toEqual([])
        // It did what it is for: many rows were seen, and many foreign ones gone for.
        expect(answered).toBeGreaterThan(budget.rounds / 4)
        expect(refused).toBeGreaterThan(budget.rounds / 100)
        expect(await bench.admin(SNAPSHOT)).toEqual(before)
        expect(await bench.admin(STRAY)).toEqual([])
        expect(await leftovers(postgres.pool)).toEqual([])
        expect(postgres.stats()).toMatchObject({ active: 0, waiting: 0 })
      },
      new Budget(options).timeoutMs,
    )
  })
})

/** What nobody may have changed but by way of their own operations, which leave it as it is. */
const SNAPSHOT = `
  SELECT id, name, email, role FROM users
  UNION ALL SELECT id, github_username, NULL, NULL FROM web_users
  UNION ALL SELECT id, owner, user_id::text, NULL FROM repositories ORDER BY 1`

/** Log lines that somebody wrote into the execution of another: each says who wrote it. */
const STRAY = `
  SELECT message FROM execution_logs JOIN agent_executions ON execution_id = agent_executions.id
   WHERE message NOT LIKE '% %' AND message <> user_id::text`
