import { type CatalogDifference, diffCatalogs } from '../catalog/diff.js'
import { catalogDump } from '../catalog/dump.js'
import { withClient } from '../connection/client.js'
import { toConnectError } from '../connection/connect-error.js'
import { PATIENCE } from '../connection/patience.js'
import { type DatabaseLocation, targetOf } from '../connection/target.js'
import { ReplayError } from '../errors/errors.js'
import { compareHistory } from '../history/compare.js'
import type { Migration } from '../history/folder.js'
import { readHistory } from '../history/history.js'
import { historyProblems } from '../history/problems.js'
import { ScratchServer } from '../scratch/scratch.js'
import { runScript, scriptFault } from '../script/run-script.js'
import { type Acceptance, type AcceptedDifference, weighDrift } from './accepted.js'

export interface DriftOptions {
  /**
   * Of a login that may create databases: the migrations are run in one of their own. The database itself is only read.
   */
  readonly databaseUrl: DatabaseLocation
  readonly migrations: readonly Migration[]
  /** What may differ: see `readAcceptances`. Default: nothing. */
  readonly acceptances?: readonly Acceptance[]
  readonly signal?: AbortSignal | undefined
}

/** How a database differs from what its migrations give. */
export interface Drift {
  /** The migrations that it has, which is what it is compared with. */
  readonly applied: readonly string[]
  /** Those that it has not, and that it is therefore not compared with. */
  readonly pending: readonly string[]
  /** Empty where the database is what its migrations give, but for what was agreed to. */
  readonly differences: readonly CatalogDifference[]
  /** What was agreed to, each with its reason. */
  readonly accepted: readonly AcceptedDifference[]
  /** What was agreed to and is not there: the agreement has outlived its reason. */
  readonly unused: readonly Acceptance[]
}

/**
 * Compares a database with a scratch database in which the same migrations were run: what somebody changed by hand,
 * whether Prisma models it or not.
 *
 * @throws {MigrationError} `migrate.ahead`, `migrate.diverged`, `migrate.failed`: there is nothing to compare with;
 *   `migrate.scratch_denied`
 * @throws {ReplayError} `migrate.replay_failed`
 */
export async function findDrift(options: DriftOptions): Promise<Drift> {
  const { databaseUrl, migrations, acceptances = [], signal } = options
  const target = targetOf(databaseUrl)
  const live = await withClient({ ...target.config, ...PATIENCE }, async (client) => ({
    statuses: compareHistory(migrations, await readHistory(client, target.schema)),
    catalog: await catalogDump(client),
  })).catch((error: unknown) => {
    throw toConnectError(error, target)
  })
  const problem = historyProblems(live.statuses).find(({ code }) => code !== 'migrate.edited')
  if (problem) throw problem
  const pending = live.statuses.filter(({ state }) => state === 'pending').map(({ name }) => name)
  const applied = migrations.filter(({ name }) => !pending.includes(name))

  await using server = new ScratchServer(target)
  const scratch = await server.create()
  const expected = await scratch.use(async (client) => {
    for (const { name, up } of applied) {
      signal?.throwIfAborted()
      await runScript(client, up).catch((error: unknown) => {
        throw new ReplayError(name, scriptFault(error, up).text)
      })
    }
    return catalogDump(client)
  }, signal)
  signal?.throwIfAborted()
  const weighed = weighDrift(diffCatalogs(expected, live.catalog), acceptances)
  return { applied: applied.map(({ name }) => name), pending, ...weighed }
}
