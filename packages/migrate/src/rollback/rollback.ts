import pg from 'pg'
import { toConnectError } from '../connection/connect-error.js'
import { type DatabaseLocation, type Target, targetOf } from '../connection/target.js'
import { MigrationError } from '../errors/migration-error.js'
import type { Migration } from '../history/folder.js'
import { type HistoryRow, historyTable, readHistory } from '../history/history.js'
import { takeMigrationLock } from '../history/migration-lock.js'
import type { Loss } from '../loss/loss.js'
import { describeLoss } from '../loss/loss.js'
import { measureLoss } from '../loss/measure-loss.js'
import { planRollback, type Undo } from './plan.js'
import { proveDowns } from './prove.js'
import { runDown } from './run-down.js'

/** How long to wait for a lock by default, in milliseconds. */
const DEFAULT_LOCK_TIMEOUT_MS = 5_000

export interface RollbackOptions {
  /** The migrator's URL, bypassing any transaction pooler. */
  readonly databaseUrl: DatabaseLocation
  /** The migrations of the code. */
  readonly migrations: readonly Migration[]
  /**
   * The migration that should be the last one; all that were applied after it are undone. Default: only the last one is
   * undone.
   */
  readonly to?: string
  /** Continue although rows or values are destroyed. Default false. */
  readonly acceptDataLoss?: boolean
  /** Do not test the down files on a scratch database first. Default false. */
  readonly skipProof?: boolean
  /** How long to wait for another deploy to end, and for each lock on a table. Default 5,000. */
  readonly lockTimeoutMs?: number
  /** Called before each step. */
  readonly onProgress?: (text: string) => void
  /** Called after each migration that was undone. */
  readonly onUndone?: (migration: RolledBack) => void
  /** Ends the connection: the migration being undone stays applied. */
  readonly signal?: AbortSignal
}

/** A migration that was undone. */
export interface RolledBack {
  readonly name: string
  readonly ms: number
  /** What was lost with it. */
  readonly losses: readonly Loss[]
}

/**
 * Undoes migrations with their down files, last first, each in one transaction with the record in Prisma's history that
 * it was undone: after a crash the migration is either applied or undone, and the history is correct. `prisma migrate
 * status` then reports it as pending.
 *
 * Before anything is changed, the history and the checksums are compared with the code, the down files are tested on a
 * scratch database, and what they would destroy is counted.
 * @throws {MigrationError} see its codes; nothing was changed, except for the migrations reported to `onUndone`.
 */
export async function rollback(options: RollbackOptions): Promise<RolledBack[]> {
  const {
    databaseUrl,
    migrations,
    to,
    lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS,
    onProgress = () => {},
    signal,
  } = options
  const target = targetOf(databaseUrl)
  const client = await connect(target)
  const abort = (): void => void client.end().catch(() => {})
  signal?.throwIfAborted()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    const asked = lastApplied(await readHistory(client, target.schema))
    await takeMigrationLock(client, lockTimeoutMs)
    const history = await readHistory(client, target.schema)
    if (to === undefined && lastApplied(history) !== asked) throw overtaken(asked, lastApplied(history))
    const undos = await planRollback(migrations, history, to)
    if (undos.length === 0) return []
    if (!options.skipProof) {
      onProgress(`testing ${files(undos.length)} on a scratch database`)
      const applied = history.filter(({ state }) => state === 'applied')
      await proveDowns(
        target,
        applied.flatMap(({ name }) => migrations.find((each) => each.name === name) ?? []),
        undos,
      )
    }
    onProgress('counting what would be lost')
    const losses = await rehearse(client, undos, lockTimeoutMs)
    if (!options.acceptDataLoss) refuseLoss(losses)
    const done: RolledBack[] = []
    for (const undo of undos) {
      const { name } = undo.migration
      const start = performance.now()
      onProgress(`undoing ${name}`)
      await undoOne(client, undo, target.schema, lockTimeoutMs)
      const undone = { name, ms: Math.round(performance.now() - start), losses: losses.get(name) ?? [] }
      done.push(undone)
      options.onUndone?.(undone)
    }
    return done
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
    await client.end().catch(() => {})
  }
}

/** Runs everything in one transaction that is rolled back, and counts what each down file destroys. */
async function rehearse(
  client: pg.Client,
  undos: readonly Undo[],
  lockTimeoutMs: number,
): Promise<Map<string, Loss[]>> {
  const losses = new Map<string, Loss[]>()
  await client.query('BEGIN')
  try {
    for (const { migration, down } of undos) {
      const run = (): Promise<void> => runDown(client, migration.name, down, lockTimeoutMs)
      try {
        losses.set(migration.name, await measureLoss(client, run))
        if (migration !== undos.at(-1)?.migration) await run()
      } catch (error) {
        throw wasRefused(error) ? error : connectionLost(migration.name, false, error)
      }
    }
  } finally {
    await client.query('ROLLBACK').catch(() => {})
  }
  return losses
}

const lastApplied = (history: readonly HistoryRow[]): string | undefined =>
  history.findLast(({ state }) => state === 'applied')?.name

/** "The last one" means the migration that was last at the time of the call. */
function overtaken(asked: string | undefined, now: string | undefined): MigrationError {
  return new MigrationError(
    'migrate.overtaken',
    `Another deploy or rollback came first: the last migration was ${asked ?? 'none'}, and is now ${now ?? 'none'}; nothing was changed`,
    { details: { was: asked, is: now }, remedy: 'run `pnpm db:migrate status` to show the current state' },
  )
}

function refuseLoss(losses: ReadonlyMap<string, readonly Loss[]>): void {
  const all = [...losses].flatMap(([migration, own]) => own.map((loss) => ({ migration, loss })))
  const [first] = all
  if (first === undefined) return
  throw new MigrationError(
    'migrate.data_loss',
    `Rolling back would destroy data; nothing was changed:\n${all.map(({ migration, loss }) => `  ${describeLoss(loss)} (${migration})`).join('\n')}`,
    {
      remedy: 'Back up what is needed, then add --accept-data-loss.',
      details: { migration: first.migration, losses: all.map(({ loss }) => loss) },
    },
  )
}

async function undoOne(
  client: pg.Client,
  { migration, down, row }: Undo,
  schema: string,
  lockTimeoutMs: number,
): Promise<void> {
  let isCommitting = false
  try {
    await client.query('BEGIN')
    await runDown(client, migration.name, down, lockTimeoutMs)
    const { rowCount } = await client.query(
      `UPDATE ${historyTable(schema)} SET rolled_back_at = now() WHERE id = $1 AND rolled_back_at IS NULL`,
      [row.id],
    )
    if (rowCount !== 1) throw new Error(`The history of ${migration.name} changed meanwhile`)
    isCommitting = true
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw wasRefused(error) ? error : connectionLost(migration.name, isCommitting, error)
  }
}

/** Whether the server, or we, refused; anything else is a broken connection. */
const wasRefused = (error: unknown): boolean => error instanceof MigrationError || error instanceof pg.DatabaseError

function connectionLost(migration: string, isCommitting: boolean, cause: unknown): MigrationError {
  if (isCommitting) {
    return new MigrationError(
      'migrate.outcome_unknown',
      `The connection was lost during COMMIT: ${migration} is either undone as a whole, or still applied`,
      { details: { migration }, cause, effect: 'unknown', remedy: 'run `pnpm db:migrate status` to show which' },
    )
  }
  return new MigrationError(
    'migrate.connection_lost',
    `The connection was lost while ${migration} was being undone. It is still applied: the server rolls back what had been done`,
    { details: { migration }, cause, remedy: 'roll back again' },
  )
}

async function connect(target: Target): Promise<pg.Client> {
  // If this process dies, the server must not finish a long statement while holding locks.
  const options = [target.config.options, '-c client_connection_check_interval=1s'].filter(Boolean).join(' ')
  const client = new pg.Client({ ...target.config, options })
  client.on('error', () => {}) // a connection that breaks fails its query; without a listener it would end the process
  try {
    await client.connect()
  } catch (error) {
    throw toConnectError(error, target)
  }
  return client
}

const files = (count: number): string => (count === 1 ? 'the down file' : `${count} down files`)
