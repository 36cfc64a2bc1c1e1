import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type CatalogDifference, diffCatalogs } from '../catalog/diff.js'
import { catalogDump } from '../catalog/dump.js'
import { renderCatalogDiff } from '../catalog/render.js'
import { type DatabaseLocation, targetOf } from '../connection/target.js'
import { MigrationError } from '../errors/migration-error.js'
import { type Migration, readMigrations } from '../history/folder.js'
import { upFailed } from '../rollback/prove.js'
import { ScratchServer } from '../scratch/scratch.js'
import { runScript } from '../script/run-script.js'
import { parseSql } from '../sql/parse.js'
import { cleanScript, droppedBy, partialIndexesOf } from './clean.js'
import { type PrismaProject, prismaDiff } from './prisma-diff.js'
import { renderScript } from './render.js'

export interface WriteDownOptions {
  readonly project: PrismaProject
  /** A login that may create databases; the database itself is not changed. */
  readonly databaseUrl: DatabaseLocation
  /** The migration that gets a reverse. */
  readonly name: string
  readonly signal?: AbortSignal
}

/** A down file that was written. */
export interface WrittenDown {
  /** Its path from the project's root. */
  readonly file: string
  /** What it does not restore: a Prisma schema cannot express it, so it has to be undone manually. */
  readonly differences: readonly CatalogDifference[]
}

/**
 * Writes `down.sql` for a migration that has none: what Prisma can express of the reverse, and as comments what is then
 * still missing or left over, found by running it.
 * @throws {MigrationError} `migrate.unknown`, `migrate.down_exists`, `migrate.diff_failed`, `migrate.up_failed`,
 * `migrate.scratch_denied`
 */
export async function writeDown({ project, databaseUrl, name, signal }: WriteDownOptions): Promise<WrittenDown> {
  const migrations = readMigrations(path.join(project.root, project.migrations))
  const until = migrations.slice(0, migrations.findIndex((migration) => migration.name === name) + 1)
  const migration = until.pop()
  if (migration === undefined) {
    throw new MigrationError('migrate.unknown', `There is no migration ${name} in ${project.migrations}`, {
      details: { migration: name },
    })
  }
  if (migration.down !== undefined) {
    throw new MigrationError('migrate.down_exists', `${name} already has a down.sql`, {
      remedy: 'remove it first to write it again',
      details: { migration: name },
    })
  }
  const partial = new Set<string>()
  for (const { up } of [...until, migration])
    for (const index of partialIndexesOf(await parseSql(up))) partial.add(index)
  const script = cleanScript(await parseSql(await diffBack(project, until, migration, signal)), partial)
  const loses = droppedBy(script.statements)
  const draft = renderScript(`Undoes ${name}.`, loses, script)
  const differences = await notRestored(databaseUrl, until, migration, draft)
  const file = path.join(project.migrations, name, 'down.sql')
  writeFileSync(path.join(project.root, file), draft + toDo(differences), { flag: 'wx' })
  return { file, differences }
}

/** Prisma's reverse of one migration, which needs folders of those before it. */
async function diffBack(
  project: PrismaProject,
  before: readonly Migration[],
  migration: Migration,
  signal: AbortSignal | undefined,
): Promise<string> {
  const temporary = mkdtempSync(path.join(tmpdir(), 'miyabi-down-'))
  try {
    const folderOf = (label: string, contents: readonly Migration[]): string => {
      const folder = path.join(temporary, label)
      mkdirSync(folder)
      writeFileSync(path.join(folder, 'migration_lock.toml'), 'provider = "postgresql"\n')
      for (const { name, folder: source } of contents) cpSync(source, path.join(folder, name), { recursive: true })
      return folder
    }
    const from = ['--from-migrations', folderOf('with', [...before, migration])]
    const to = before.length === 0 ? ['--to-empty'] : ['--to-migrations', folderOf('without', before)]
    return await prismaDiff(project, [...from, ...to], signal)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

async function notRestored(
  database: DatabaseLocation,
  before: readonly Migration[],
  migration: Migration,
  down: string,
): Promise<readonly CatalogDifference[]> {
  await using server = new ScratchServer(targetOf(database))
  const scratch = await server.create()
  return await scratch.use(async (client) => {
    const up = (each: Migration): Promise<void> =>
      runScript(client, each.up).catch((error: unknown) => {
        throw upFailed(each, error)
      })
    for (const each of before) await up(each)
    const wanted = await catalogDump(client)
    await up(migration)
    // Prisma's order of statements may fail; then nothing is restored, and everything has to be done manually.
    await runScript(client, down).catch(() => {})
    return diffCatalogs(wanted, await catalogDump(client))
  })
}

function toDo(differences: readonly CatalogDifference[]): string {
  if (differences.length === 0) return ''
  const lines = renderCatalogDiff(differences)
    .split('\n')
    .map((line) => `--   ${line}`)
  return [
    '--',
    '-- TO DO: the statements above do not restore the previous state. - is missing, + is left over, ~ differs:',
    ...lines,
    '',
  ].join('\n')
}
