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
  /** A login that may create databases: the migrations are run in a separate one. The database itself is only read. */
  readonly databaseUrl: DatabaseLocation
  readonly migrations: readonly Migration[]
  /** Accepted differences: see `readAcceptances`. Default: none. */
  readonly acceptances?: readonly Acceptance[]
  readonly signal?: AbortSignal | undefined
}

/** How a database differs from its migrations. */
export interface Drift {
  /** The migrations applied to it, which it is compared with. */
  readonly applied: readonly string[]
  /** The migrations not applied to it, which it is therefore not compared with. */
  readonly pending: readonly string[]
  /** Empty if the database matches its migrations, except for accepted differences. */
  readonly differences: readonly CatalogDifference[]
  /** Accepted differences, each with its reason. */
  readonly accepted: readonly AcceptedDifference[]
  /** Acceptances whose difference no longer exists. */
  readonly unused: readonly Acceptance[]
}

/**
 * Compares a database with a scratch database in which the same migrations were run: detects manual changes, whether
 * Prisma models them or not.
 *
 * @throws {MigrationError} `migrate.ahead`, `migrate.diverged`, `migrate.failed`: there is nothing to compare with;
 * `migrate.scratch_denied`
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
