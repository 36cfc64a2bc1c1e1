import { isMiyabiError } from '@miyabi/core'
import type pg from 'pg'
import { diffCatalogs } from '../catalog/diff.js'
import { catalogDump } from '../catalog/dump.js'
import type { CatalogEntry } from '../catalog/entry.js'
import { type DatabaseLocation, targetOf } from '../connection/target.js'
import type { Migration } from '../history/folder.js'
import { isDeclared, type Loss, lossName } from '../loss/loss.js'
import { seeAllRows } from '../loss/see-all-rows.js'
import { readTables } from '../loss/tables.js'
import { checkDown } from '../rollback/plan.js'
import { upFailed } from '../rollback/prove.js'
import { type ScratchDatabase, ScratchServer } from '../scratch/scratch.js'
import { readDirectives } from '../script/directives.js'
import { resetSession, runScript, scriptFault } from '../script/run-script.js'
import { asOneTransaction, checkUtf8, checkWhole } from '../script/whole.js'
import { differs, empty, undeclared, type VerifyFinding, type VerifyProblem } from './findings.js'
import { lossesBetween } from './losses.js'
import { snapshot, type TableContents } from './snapshot.js'

export interface VerifyOptions {
  /** A login that may create databases. The database itself is not changed. */
  readonly databaseUrl: DatabaseLocation
  readonly migrations: readonly Migration[]
  /** Check only those of these names; the others are only applied. Default: all. */
  readonly only?: readonly string[]
  /** Fills a database that has all migrations with the seed. */
  readonly seed?: (databaseUrl: string) => Promise<void>
  /** Called with the findings of each migration, as soon as they are known. */
  readonly onVerified?: (verified: VerifiedMigration) => void
  readonly signal?: AbortSignal
}

export interface VerifiedMigration {
  readonly name: string
  readonly ms: number
  /** Tables that had rows during the run. */
  readonly tables: number
  readonly findings: readonly VerifyFinding[]
}

/** A database at one moment. */
interface State {
  readonly catalog: readonly CatalogEntry[]
  readonly contents: readonly TableContents[]
}

/** A database before a migration, after it, and with the rows that are put in to try it. */
interface States {
  readonly before: State
  readonly migrated: readonly TableContents[]
  readonly after: State
}

/**
 * Runs every migration in both directions, with rows in the tables, on scratch databases: up, down and up again must
 * give the same schema as before, and rows must survive or their loss be declared. Rows come from each migration's
 * `rows.sql` and, for the last one, from the seed too.
 * @throws {MigrationError} `migrate.scratch_denied`, `migrate.up_failed` if a migration that is only applied does not
 * run
 */
export async function verifyMigrations(options: VerifyOptions): Promise<VerifiedMigration[]> {
  const { migrations, seed, onVerified, signal } = options
  const verified: VerifiedMigration[] = []
  await using server = new ScratchServer(targetOf(options.databaseUrl))
  const chain = await server.create()
  let before: State | undefined
  for (const migration of migrations) {
    signal?.throwIfAborted()
    if (options.only?.includes(migration.name) === false) {
      await runOnly(chain, migration)
      before = undefined
      continue
    }
    before ??= await chain.use(stateOf)
    const start = performance.now()
    const isLast = migration === migrations.at(-1)
    const { after, findings } = await verifyOne(chain, before, migration, isLast ? seed : undefined)
    before = after
    // An interrupted seed shows nothing about the migration.
    signal?.throwIfAborted()
    const ms = Math.round(performance.now() - start)
    const result = { name: migration.name, ms, tables: after.contents.length, findings }
    verified.push(result)
    onVerified?.(result)
    if (findings.some(({ problem }) => problem === 'up failed')) break
  }
  return verified
}

/** A migration already applied: what is wrong with it is reported when it is checked. */
async function runOnly(chain: ScratchDatabase, migration: Migration): Promise<void> {
  await chain.use(async (client) => {
    await runScript(client, migration.up).catch((error: unknown) => {
      throw upFailed(migration, error)
    })
    await insertRows(client, await asOneTransaction(migration.rows ?? '')).catch(() => {})
  })
}

/**
 * Advances the chain of migrations by one, from its state `before` to its state `after`, and checks that step on a
 * copy.
 */
async function verifyOne(
  chain: ScratchDatabase,
  before: State,
  migration: Migration,
  seed: VerifyOptions['seed'],
): Promise<{ after: State; findings: VerifyFinding[] }> {
  const step = await chain.use((client) => stepForward(client, chain.target.url, migration, seed))
  const { findings } = step
  if (!('after' in step)) return { after: before, findings }
  const { migrated, after } = step
  const blanks = emptyIn(after.contents)
  if (blanks.length > 0) findings.push(empty(blanks))
  const way = await wayBack(migration)
  if ('problem' in way) return { after, findings: [...findings, way] }
  const trial = await chain.copy()
  findings.push(...(await trial.use((client) => tryBothWays(client, migration, way, { before, migrated, after }))))
  await trial.drop()
  return { after, findings }
}

interface Step extends Pick<States, 'migrated' | 'after'> {
  readonly findings: VerifyFinding[]
}

/** Applies a migration, and puts in the rows to try it with; only a finding if it cannot be applied. */
async function stepForward(
  client: pg.Client,
  url: string,
  migration: Migration,
  seed: VerifyOptions['seed'],
): Promise<Step | Pick<Step, 'findings'>> {
  const { up, rows = '' } = migration
  const failure = await attempt('up failed', up, async () => {
    checkUtf8(migration)
    await checkWhole(up, 'migration.sql')
    await runScript(client, up)
  })
  if (failure) return { findings: [failure] }
  const untried = rows === '' && seed === undefined ? undefined : await snapshot(client)
  const badRows = await attempt('rows failed', rows, async () => {
    await checkWhole(rows, 'rows.sql')
    await insertRows(client, await asOneTransaction(rows))
  })
  const badSeed = await attempt('seed failed', '', async () => seed?.(url))
  const after = await stateOf(client)
  const findings = [badRows, badSeed].filter((finding) => finding !== undefined)
  return { findings, migrated: untried ?? after.contents, after }
}

/** A down file that can be run, and the losses that both files declare. */
interface WayBack {
  readonly down: string
  readonly declared: { readonly up: readonly string[]; readonly down: readonly string[] }
}

async function wayBack({ name, up, down }: Migration): Promise<WayBack | VerifyFinding> {
  if (down === undefined) {
    return { problem: 'down missing', text: `there is no down.sql. Run \`pnpm db:migrate down ${name}\` to write one.` }
  }
  try {
    await checkDown(name, down)
    return { down, declared: { up: readDirectives(up).loses, down: readDirectives(down).loses } }
  } catch (error) {
    if (!isMiyabiError(error)) throw error
    const isTransaction = error.code === 'migrate.down_not_transactional'
    return { problem: isTransaction ? 'down not transactional' : 'down invalid', text: error.message }
  }
}

async function tryBothWays(
  client: pg.Client,
  { up }: Migration,
  { down, declared }: WayBack,
  { before, migrated, after }: States,
): Promise<VerifyFinding[]> {
  const downFailure = await attempt('down failed', down, () => runScript(client, down))
  if (downFailure) return [downFailure]

  const findings: VerifyFinding[] = []
  const back = await stateOf(client)
  const left = diffCatalogs(before.catalog, back.catalog)
  if (left.length > 0) findings.push(differs('not restored', left))
  const byDown = lossesBetween(after.contents, back.contents)
  // Rows that are put in may change old ones, if only through a trigger: that is nothing that the migration does.
  const byMigration = lossesBetween(before.contents, migrated)
  const byRows = lossesBetween(migrated, after.contents).filter((loss) => !byMigration.some(isSame(loss)))
  const byUp = lossesBetween(before.contents, back.contents).filter(
    (loss) => ![...byDown, ...byRows].some(isSame(loss)),
  )
  for (const [file, losses, allowed] of [
    ['migration.sql', byUp, declared.up],
    ['down.sql', byDown, declared.down],
  ] as const) {
    const secret = losses.filter((loss) => !isDeclared(loss, allowed))
    if (secret.length > 0) findings.push(undeclared(file, secret))
  }

  const upFailure = await attempt('up again failed', up, () => runScript(client, up))
  if (upFailure) return [...findings, upFailure]
  const again = diffCatalogs(after.catalog, await catalogDump(client))
  if (again.length > 0) findings.push(differs('up again differs', again))
  return findings
}

const isSame =
  (loss: Loss) =>
  (other: Loss): boolean =>
    lossName(loss) === lossName(other)

const stateOf = async (client: pg.Client): Promise<State> => ({
  catalog: await catalogDump(client),
  contents: await snapshot(client),
})

/** `rows.sql` is for tables as their owner sees them: no policy prevents it from inserting. */
async function insertRows(client: pg.Client, rows: string): Promise<void> {
  if (rows === '') return
  await client.query('BEGIN')
  try {
    await seeAllRows(client, await readTables(client), () => client.query(rows))
    await client.query('COMMIT')
  } finally {
    await resetSession(client).catch(() => {})
  }
}

function emptyIn(contents: readonly TableContents[]): string[] {
  return contents.flatMap(({ name, columns, rows }) => {
    if (rows.length === 0) return [name]
    const blank = columns.filter((_, index) => rows.every((row) => row[index] === null))
    return blank.map((column) => `${name}.${column.name}`)
  })
}

/** Runs a step; the server's objection becomes a finding. */
async function attempt(
  problem: VerifyProblem,
  script: string,
  step: () => Promise<unknown>,
): Promise<VerifyFinding | undefined> {
  try {
    await step()
    return undefined
  } catch (error) {
    return { problem, text: scriptFault(error, script).text }
  }
}
