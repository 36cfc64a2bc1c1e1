import { DatabaseContext, type DatabaseObserver } from '@miyabi/db'
import { observe, type Telemetry } from '@miyabi/db/telemetry'
import { createPostgres, type Postgres, parsePostgresSettings, type StatementFacts } from '@miyabi/postgres'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import type { Contender, Suite } from '../../harness/workload.js'
import type { Servers } from '../../servers/servers.js'

const MAX_CONNECTIONS = 16
/** So many are told in one operation, as a single one takes less than a clock can tell. */
const TOLD = 1000
/** One object of `as()` asks for some ten statements. */
const STATEMENTS_A_SCOPE = 10

/** A statement with and without those who observe it, and the hook alone. */
export async function openObserveSuite({ databaseUrl }: Servers): Promise<Suite> {
  // A context of its own would have a pool of its own: what observes it is handed to the pools here.
  const context = await DatabaseContext.fromEnv({
    env: {
      DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
      DB_MIN_CONNECTIONS: '0',
      DYNAMODB_ENDPOINT: 'http://127.0.0.1:1',
    },
  })
  const watched = ['nobody observes', 'an empty observer', 'metrics and slow log', 'spans too'].map((name) => {
    const postgres = createPostgres(
      parsePostgresSettings({ DATABASE_URL: databaseUrl, DB_MAX_CONNECTIONS: String(MAX_CONNECTIONS) }),
    )
    return { name, postgres, telemetry: watch(name, postgres, context) }
  })
  const [none, empty, counted, traced] = watched.map(statementContender)
  const [, toEmpty, toCounted] = watched.map(hookContender)
  if (!none || !empty || !counted || !traced || !toEmpty || !toCounted) throw new Error('a contender is missing')
  return {
    workloads: [
      {
        name: 'statement',
        about: 'One `SELECT` without a table over a separate pool, from the call to the answer.',
        concurrency: [1, 16],
        contenders: [none, empty, counted, traced],
      },
      {
        name: 'hook',
        about: `${TOLD.toLocaleString('en-US')} statements reported to observers, without a server: CPU in µs for all is ns for one.`,
        concurrency: [1],
        contenders: [{ name: 'two readings of the clock each', run: readClock }, toEmpty, toCounted],
      },
    ],
    async [Symbol.asyncDispose]() {
      for (const { telemetry } of watched) telemetry?.[Symbol.dispose]()
      await Promise.all([context.close(0), ...watched.map(({ postgres }) => postgres.close(0))])
    },
  }
}

/** Lets those that a contender is named for observe its pool. */
function watch(name: string, postgres: Postgres, context: DatabaseContext): Telemetry | undefined {
  if (name === 'an empty observer') postgres.observe({ statement: () => {}, pool: () => {} })
  if (name !== 'metrics and slow log' && name !== 'spans too') return undefined
  const database = Object.create(context, {
    observe: { value: (observer: DatabaseObserver) => postgres.observe(observer) },
    servers: { value: context.servers },
    logger: { value: context.logger },
  }) as DatabaseContext
  const tracer = new NodeTracerProvider().getTracer('benchmark')
  return observe(database, name === 'spans too' ? { spans: 'statements', tracer } : {})
}

const statementContender = ({ name, postgres }: { readonly name: string; readonly postgres: Postgres }): Contender => ({
  name,
  run: async (turn) => (await postgres.pool.query('SELECT $1::int AS turn', [turn])).rows,
})

function hookContender({ name, postgres }: { readonly name: string; readonly postgres: Postgres }): Contender {
  let scope: object = {}
  return {
    name,
    async run() {
      for (let index = 0; index < TOLD; index += 1) {
        if (index % STATEMENTS_A_SCOPE === 0) scope = {}
        const startedAt = performance.now()
        postgres.pool.hooks.statement.tell(facts(scope, startedAt, performance.now() - startedAt))
      }
    },
  }
}

const facts = (scope: object, startedAt: number, durationMs: number): StatementFacts => ({
  store: 'postgresql',
  pool: 'main',
  operation: 'SELECT',
  collection: 'users',
  sql: 'SELECT "public"."users"."id" FROM "public"."users" WHERE "public"."users"."id" = $1 LIMIT 1 OFFSET 0',
  path: 'compiled',
  scope,
  startedAt,
  durationMs,
  rows: 1,
  error: undefined,
})

async function readClock(): Promise<void> {
  for (let index = 0; index < TOLD; index += 1) {
    performance.now()
    performance.now()
  }
}
