import { diffCatalogs } from '../catalog/diff.js'
import { catalogDump } from '../catalog/dump.js'
import type { CatalogEntry } from '../catalog/entry.js'
import { renderCatalogDiff } from '../catalog/render.js'
import type { Target } from '../connection/target.js'
import { MigrationError } from '../errors/migration-error.js'
import type { Migration } from '../history/folder.js'
import { ScratchServer } from '../scratch/scratch.js'
import { runScript, scriptFault } from '../script/run-script.js'
import type { Undo } from './plan.js'

/**
 * Proves on a scratch database, on the server of `target`, that each down file restores the schema that existed before
 * its migration.
 * @param applied all applied migrations, in order.
 * @throws {MigrationError} `migrate.down_does_not_restore`, `migrate.down_failed`, `migrate.up_failed`,
 * `migrate.scratch_denied`
 */
export async function proveDowns(target: Target, applied: readonly Migration[], undos: readonly Undo[]): Promise<void> {
  await using server = new ScratchServer(target)
  const scratch = await server.create()
  await scratch.use(async (client) => {
    const before = new Map<string, readonly CatalogEntry[]>()
    for (const migration of applied) {
      if (undos.some((undo) => undo.migration === migration)) before.set(migration.name, await catalogDump(client))
      await runScript(client, migration.up).catch((error: unknown) => {
        throw upFailed(migration, error)
      })
    }
    for (const { migration, down } of undos) {
      await runScript(client, down).catch((error: unknown) => {
        const { sqlstate, text } = scriptFault(error, down)
        throw new MigrationError(
          'migrate.down_failed',
          `down.sql of ${migration.name} fails on a fresh database.\n${text}`,
          {
            details: { migration: migration.name, sqlstate },
          },
        )
      })
      const differences = diffCatalogs(before.get(migration.name) ?? [], await catalogDump(client))
      if (differences.length > 0) throw doesNotRestore(migration.name, renderCatalogDiff(differences))
    }
  })
}

/** An `up` that the server refused on a scratch database. */
export function upFailed(migration: Migration, error: unknown): MigrationError<'migrate.up_failed'> {
  const { sqlstate, text } = scriptFault(error, migration.up)
  return new MigrationError(
    'migrate.up_failed',
    `migration.sql of ${migration.name} fails on a fresh database.\n${text}`,
    {
      details: { migration: migration.name, sqlstate },
    },
  )
}

function doesNotRestore(migration: string, differences: string): MigrationError<'migrate.down_does_not_restore'> {
  return new MigrationError(
    'migrate.down_does_not_restore',
    `down.sql of ${migration} does not restore the state before it (- is missing, + is left over), and nothing was changed:\n${differences}`,
    {
      details: { migration, differences },
      remedy: 'Fix down.sql; `pnpm db:migrate verify` reports when it is correct.',
    },
  )
}
