import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { POSTGRES_ERRORS } from '@miyabi/postgres'
import { root } from '../workspace.js'
import type { Page } from './pages.js'

/**
 * How it is known that a remedy helps: the test that does what it says, as the file and the test's name in its source;
 * or why there is nothing to try.
 */
type Tried = readonly [file: string, test: string] | { readonly nothing: string }

/** Each row of a table of what to do, by its first cell. */
const TRIED: Readonly<Record<string, Tried>> = {
  // Settings and the embedded stack
  '`config.invalid`': [
    'packages/postgres/src/settings/connection-url.test.ts',
    'reports all faults together, without the secret',
  ],
  '`DATABASE_URL: is not set, and no embedded stack is running`': [
    'packages/db/src/settings/attach.test.ts',
    'fills in what is unset from the stack that is up',
  ],
  'a warning `db.variable_unknown`': [
    'packages/db/test/context.integration.test.ts',
    'says what it uses and what is misspelled, and names no secret',
  ],
  '`local.folder.denied`, `local.disk.full`': [
    'packages/local/test/prepared.integration.test.ts',
    'is made once per cache, also when two stacks need it at the same moment, and gives away no password of either',
  ],
  '`local.supervisor.unresponsive`': [
    'packages/local/test/kill.fault.test.ts',
    'does not block anyone: status, start, hold and release end and name its process',
  ],
  '`local.postgres.data_version`': [
    'packages/local/test/refusal.fault.test.ts',
    'is rejected, naming both versions, is left unchanged, and can be moved away for new data',
  ],
  '`local.postgres.start_failed`, `local.dynamodb.start_failed`': [
    'packages/local/test/refusal.fault.test.ts',
    'is reported with its last output',
  ],
  'DynamoDB is `unavailable` in `pnpm db:status`; `cli.no_dynamodb`': [
    'packages/local/test/refusal.fault.test.ts',
    'gets PostgreSQL anyway, and is told how to add the engine',
  ],
  '`SyntaxError` at `await using`': {
    nothing: 'whether Node knows the syntax is not ours; the compiler is what these tests run through',
  },
  // PostgreSQL
  '`P1001` or `postgres.unreachable`': [
    'packages/cli/test/miyabi.integration.test.ts',
    'starts it, keeps it up after the command has ended, and stops it',
  ],
  '`P1000` or `postgres.auth_failed`': [
    'packages/postgres/src/settings/connection-url.test.ts',
    'reads every part, percent-decoded',
  ],
  '`P1010`': { nothing: 'the line of pg_hba.conf that is missing is known to the server and its keeper alone' },
  '`P1011` or `postgres.tls_failed`': [
    'packages/postgres/test/tls.integration.test.ts',
    'takes the right name of the right authority, an IP address, too',
  ],
  '`P1003` or `postgres.database_missing`': [
    'packages/migrate/test/migrate.integration.test.ts',
    'creates the database, writes the first migration from several schema files, and applies it, with no password in `ps`',
  ],
  '`postgres.schema_mismatch`, or health says that tables are missing': [
    'packages/cli/test/miyabi.integration.test.ts',
    'migrates the embedded stack with nothing running and nothing set, and leaves nothing running',
  ],
  '`postgres.permission_denied`': [
    'packages/postgres/test/identity/refused.integration.test.ts',
    'works if it grants the role; granting the login it warns of locks everyone out',
  ],
  '`postgres.pool.acquire_timeout`': [
    'packages/postgres/test/pool/leak-threshold.integration.test.ts',
    'reports a connection that is held for longer once, with who took it, and again when it comes back',
  ],
  '`postgres.connect_timeout`': { nothing: 'the network, a firewall and the load of a server are not ours to mend' },
  '`postgres.too_many_connections`': [
    'packages/cli/test/miyabi.integration.test.ts',
    'ends with 0 where the pools of all instances fit into the server, and shows the sum',
  ],
  '`postgres.canceled`, `postgres.lock_timeout`': [
    'packages/postgres/test/transaction/deadline.fault.test.ts',
    "raises none of the session's own limits, of which 0 is none",
  ],
  'everything is slow': [
    'packages/cli/test/miyabi.integration.test.ts',
    'gives all of it to a program, and the plan of a statement by its id',
  ],
  '`migrate.statistics_missing`, `migrate.statistics_denied`': [
    'packages/migrate/test/statistics/statistics.integration.test.ts',
    'says what to do where the extension is not, where its rows are hidden, and finds it in another database',
  ],
  '`migrate.plan_refused`, `cli.plan_in_production`': [
    'packages/cli/test/miyabi.integration.test.ts',
    'makes no plan in production unless that is allowed',
  ],
  '`postgres.deadline`': [
    'packages/postgres/test/transaction/deadline.fault.test.ts',
    'bounds work that waits for something else, and what that does afterwards is refused',
  ],
  '`postgres.commit_unknown`': [
    'packages/postgres/test/transaction/commit.fault.test.ts',
    'cut off %s it arrived is of unknown outcome, and never done twice',
  ],
  '`postgres.standby`': [
    'packages/postgres/test/transaction/failover.fault.test.ts',
    'is made again, and succeeds once there is a primary',
  ],
  '`postgres.pooler`': [
    'packages/postgres/test/pgbouncer/pgbouncer.integration.test.ts',
    'calls and transactions of many workers share few sessions of the server, and none goes wrong',
  ],
  '`postgres.time_zone`': [
    'packages/postgres/test/pgbouncer/pgbouncer.integration.test.ts',
    'nothing is warned of where the role has what sessions need',
  ],
  '`postgres.pool.second_pg`': { nothing: 'the package manager makes one copy of what is pinned' },
  '`postgres.internals_missing`, `dynamo.internals_missing`, `migrate.internals_missing`': [
    'packages/postgres/src/internals/internals.test.ts',
    'are all there in the versions that are installed',
  ],
  // Prisma's commands
  '`migrate.no_database`': [
    'packages/cli/test/miyabi.integration.test.ts',
    'migrates the embedded stack with nothing running and nothing set, and leaves nothing running',
  ],
  '`migrate.engine_mismatch`': [
    'packages/migrate/src/prisma/engine-version.test.ts',
    'accepts another release with the same engine',
  ],
  '`permission denied to create database` on `migrate dev`': [
    'packages/migrate/test/shadow.integration.test.ts',
    'is wiped before use',
  ],
  '`P3018`, then `P3009`': [
    'packages/migrate/test/migrate.integration.test.ts',
    'stops at a migration that fails, until it is resolved',
  ],
  '`P3005`': [
    'packages/migrate/test/engine.integration.test.ts',
    'notes one as applied that was run by hand, and does not run it',
  ],
  '`P1002` on `migrate deploy`': [
    'packages/migrate/test/deploy-twice.integration.test.ts',
    'take turns, also where the one at work makes an index concurrently, and the other finds nothing left to do',
  ],
  // DynamoDB
  '`dynamo.unreachable`': [
    'packages/dynamo/test/trust.fault.test.ts',
    'comes back, and all calls with it, at once; nothing that was acknowledged is lost',
  ],
  '`dynamo.table_missing`': [
    'packages/cli/test/miyabi.integration.test.ts',
    'creates the tables, and tells how they are',
  ],
  '`dynamo.tables.differ`': [
    'packages/dynamo/test/tables.integration.test.ts',
    'replaces a table of other keys only when that is named, protected or not',
  ],
  '`dynamo.credentials`': [
    'packages/dynamo/test/aws-variables.integration.test.ts',
    'give the credentials, of a profile or a key, also for a local server',
  ],
  '`dynamo.access_denied`': [
    'test/docs.integration.test.ts',
    'grants an application what it calls, no less and no more',
  ],
  '`dynamo.throttled`': [
    'packages/dynamo/test/repositories.fault.test.ts',
    'says why it was throttled, after how many attempts',
  ],
  '`dynamo.deadline`': [
    'packages/dynamo/test/lost-answers.fault.test.ts',
    'is no duplicate of itself when it is repeated by its caller, who is told once that it was',
  ],
  '`dynamo.agent_state.stale`': [
    'packages/dynamo/test/agent-state.integration.test.ts',
    'lets one of twenty writers on one version win, and gives the rest the newer state',
  ],
  '`dynamo.events.unprocessed`': [
    'packages/dynamo/test/repositories.fault.test.ts',
    'names every event that is not known to be stored when its time is over, and no other',
  ],
  // Migrations
  '`migrate.failed`': [
    'packages/migrate/test/migrate.integration.test.ts',
    'stops at a migration that fails, until it is resolved',
  ],
  '`migrate.edited`': { nothing: 'a script that was taken back is the script that all other tests apply' },
  '`migrate.ahead`': { nothing: 'to work from other code is nothing that a test of this code can do' },
  '`migrate.diverged`': { nothing: 'to bring branches together is nothing that a test of one code can do' },
  '`migrate.busy`': [
    'packages/migrate/test/rollback/rollback.integration.test.ts',
    'waits for a lock no longer than it may, and for a deploy neither',
  ],
  '`migrate.overtaken`': [
    'packages/migrate/test/rollback/rollback.integration.test.ts',
    'undoes one migration where two ask at once for the last one',
  ],
  '`migrate.not_whole`': [
    'packages/migrate/test/limits.integration.test.ts',
    'waits for a long transaction, whatever the lock timeout of its header and its session',
  ],
  '`migrate.not_plain_sql`': ['packages/migrate/src/sql/not-plain.test.ts', 'finds %s, at its line'],
  '`migrate.down_missing`': [
    'packages/migrate/test/new/new.integration.test.ts',
    'writes the down file of a migration that has none, and lists what remains to be done',
  ],
  '`migrate.down_not_transactional`': [
    'packages/migrate/test/rollback/rollback.integration.test.ts',
    'refuses a down file that is missing, broken, or cannot run in one transaction',
  ],
  '`migrate.down_does_not_restore`': [
    'packages/migrate/test/rollback/rollback.integration.test.ts',
    'names what a down file leaves, and does without the proof on demand',
  ],
  '`migrate.down_failed`': [
    'packages/migrate/test/rollback/rollback.integration.test.ts',
    'takes back everything when a statement is refused by this database alone',
  ],
  '`migrate.data_loss`': [
    'packages/migrate/test/rollback/rollback.integration.test.ts',
    'tells which rows and values would be lost, and destroys them only on demand',
  ],
  '`migrate.drift_acceptance_invalid`': [
    'packages/migrate/src/drift/accepted.test.ts',
    'sets apart what is agreed to with its reason, and names what nothing needs any more',
  ],
  '`migrate.connection_lost`': [
    'packages/migrate/test/rollback/cut.fault.test.ts',
    'has not happened, and can be done again when the server is back',
  ],
  '`migrate.outcome_unknown`': [
    'packages/migrate/test/rollback/cut.fault.test.ts',
    '%s any of its messages by a connection that breaks has happened as a whole or not at all',
  ],
  '`migrate.backfill.not_owner`': [
    'packages/migrate/test/backfill/policy.integration.test.ts',
    "is not who serves: the application's login can neither migrate nor backfill, and changes nothing",
  ],
  '`migrate.backfill.rows_hidden`': [
    'packages/migrate/test/backfill/backfill-rows.integration.test.ts',
    'never passes over rows that policies would hide from the owner',
  ],
  '`migrate.backfill.table_unusable`': [
    'packages/migrate/test/backfill/backfill-rows.integration.test.ts',
    'says what is wrong before it changes anything',
  ],
  '`migrate.backfill.name_taken`': [
    'packages/migrate/test/backfill/backfill-rows.integration.test.ts',
    'says what is wrong before it changes anything',
  ],
  '`migrate.backfill.blocked`': [
    'packages/migrate/test/backfill/backfill-rows.integration.test.ts',
    'waits for a row that somebody holds, holds no other meanwhile, and gives up when its patience is over',
  ],
  '`migrate.backfill.refused`': [
    'packages/migrate/test/backfill/backfill-rows.integration.test.ts',
    'says what is wrong before it changes anything',
  ],
}

const SCOPE = 'packages/postgres/test/identity/scope.integration.test.ts'
const REFUSED = 'packages/postgres/test/identity/refused.integration.test.ts'
const RETRY = 'packages/postgres/test/transaction/retry.integration.test.ts'
const CONTEXT = 'packages/db/test/context.integration.test.ts'

/** Remedies of errors of which no guide has a row, by their code. */
const TRIED_OF_CODES: Readonly<Record<string, Tried>> = {
  'postgres.unavailable': [
    'packages/postgres/test/fault/server-killed.fault.test.ts',
    'loses nothing that was acknowledged',
  ],
  'postgres.transaction_lost': [
    'packages/postgres/test/transaction/commit.fault.test.ts',
    'means that nothing happened, so the transaction is run again',
  ],
  'postgres.password_failed': [
    'packages/postgres/test/password.integration.test.ts',
    'is asked for every new connection, so that a rotation needs no restart',
  ],
  'postgres.pool.closed': { nothing: 'every test makes a pool of its own' },
  'postgres.pool.hook_failed': [
    'packages/postgres/test/pool/events.integration.test.ts',
    'comes out as it is where it throws, to each who needed the connection, and is called for the next',
  ],
  'postgres.serialization_failure': [
    RETRY,
    'is run again until it commits: 64 that conflict at once, and no update is lost',
  ],
  'postgres.deadlock': [RETRY, 'is run again where it was ended to resolve a deadlock'],
  'postgres.transaction_timeout': { nothing: "the timeout is Prisma's own option of $transaction" },
  'postgres.transaction_aborted': [CONTEXT, 'commits a transaction that resolves and rolls one back that rejects'],
  'postgres.transaction_ended': [CONTEXT, 'commits a transaction that resolves and rolls one back that rejects'],
  'postgres.transaction_nested': [
    SCOPE,
    'holds in transactions, their retries and what is nested in them, and in batches',
  ],
  'postgres.month_missing': [
    'packages/migrate/test/partitions/maintain.integration.test.ts',
    'are made as far as they are not there, by one run at a time',
  ],
  'postgres.unreadable_value': [
    'packages/postgres/test/values/suites/readable-values.ts',
    'is reported by find, include, aggregate, in transactions and after a change, and can be read as text',
  ],
  'postgres.invalid_sql': [
    'packages/postgres/test/errors/statement.integration.test.ts',
    'in %s is reported with position and words',
  ],
  'postgres.unreadable_type': [
    'packages/postgres/test/errors/statement.integration.test.ts',
    'is reported as type %s, with what to do',
  ],
  'postgres.identity.missing': [SCOPE, 'holds in relations, nested writes, aggregates and raw SQL'],
  'postgres.identity.invalid': [SCOPE, 'holds in relations, nested writes, aggregates and raw SQL'],
  'postgres.identity.not_granted': [
    REFUSED,
    'that was not granted the role gets the GRANT to run, and its connections stay open',
  ],
  'postgres.identity.mixed': [SCOPE, 'holds in transactions, their retries and what is nested in them, and in batches'],
  'postgres.identity.fixed': [SCOPE, 'holds in relations, nested writes, aggregates and raw SQL'],
  'postgres.row_security': [
    'packages/postgres/test/row-security/matrix.integration.test.ts',
    'is what access.ts says, of every table, column, verb and row, for everybody',
  ],
  'postgres.login.privileged': [REFUSED, 'causes one warning elsewhere, and none if it is allowed'],
  'postgres.login.has_rights': [REFUSED, 'is rejected everywhere until the statements in the error were run: %s'],
  'postgres.raised': { nothing: 'what to do about a code of its own says the author of the function' },
}

const PAGES = new Set(['docs/DATABASE_SETUP_GUIDE.md', 'docs/MIGRATIONS.md'])

/** The first cells of the rows of tables whose last column is what to do. */
function rowsOf({ name, text }: Page): string[] {
  if (!PAGES.has(name)) return []
  const rows: string[] = []
  let isRemedies: boolean | undefined
  for (const line of text.split('\n')) {
    if (!line.startsWith('|')) {
      isRemedies = undefined
      continue
    }
    const cells = line.replace(/^\| | \|$/g, '').split(' | ')
    if (isRemedies === undefined) isRemedies = /^(what to )?do$/.test(cells.at(-1) ?? '')
    else if (isRemedies && !line.startsWith('| ---')) rows.push(cells[0] ?? '')
  }
  return rows
}

/** What is wrong: a remedy that nothing is known of, a test that is not there, and what no page says any more. */
export function untriedRemedies(pages: readonly Page[]): string[] {
  const rows = pages.flatMap(rowsOf)
  const codes = Object.entries(POSTGRES_ERRORS).flatMap(([code, meaning]) =>
    'remedy' in meaning && !rows.some((row) => row.includes(`\`${code}\``)) ? [code] : [],
  )
  const tried = { ...TRIED, ...TRIED_OF_CODES }
  const said = [...rows, ...codes]
  const unknown = said.filter((row) => !Object.hasOwn(tried, row)).map((row) => `${row}: no test tries what to do`)
  const gone = Object.keys(tried)
    .filter((row) => !said.includes(row))
    .map((row) => `${row}: no page says what to do`)
  const untested = Object.entries(tried).flatMap(([row, how]) => {
    if ('nothing' in how) return []
    const [file, test] = how
    const source = path.join(root, file)
    if (!existsSync(source)) return [`${row}: there is no ${file}`]
    return readFileSync(source, 'utf8').replaceAll("\\'", "'").includes(test)
      ? []
      : [`${row}: ${file} has no test "${test}"`]
  })
  return [...unknown, ...gone, ...untested]
}
