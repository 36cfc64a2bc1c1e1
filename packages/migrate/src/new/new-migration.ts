import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { defined, isSet } from '@miyabi/core'
import { MigrationError } from '../errors/migration-error.js'
import { readMigrations } from '../history/folder.js'
import { playAll } from '../lint/play.js'
import { parseSql } from '../sql/parse.js'
import { type Declared, readDeclared } from './declared.js'
import { draftsOf } from './drafts.js'
import { type PrismaProject, prismaDiff } from './prisma-diff.js'
import { renderDraft, renderScript, renderSingle } from './render.js'
import { rowsFor } from './rows.js'
import { withoutNamelessSequences } from './sequences.js'

export interface NewMigrationOptions {
  readonly project: PrismaProject
  /** Lower-case letters, digits and underscores. */
  readonly name: string
  /**
   * For a single statement that cannot run in a transaction: the files get room for it, and nothing from Prisma.
   * Default false.
   */
  readonly single?: boolean
  /** Default: now. */
  readonly now?: Date
  readonly signal?: AbortSignal
}

/** A migration that was written, and not applied. */
export interface NewMigration {
  readonly name: string
  /** Paths of its files, from the project's root. */
  readonly files: readonly string[]
  /** What the Prisma schema contains and Prisma cannot write, each as a sentence; absent if there is nothing. */
  readonly byHand?: readonly string[]
}

/**
 * Writes a migration for what the Prisma schema contains and the migrations do not create, with its reverse:
 * `migration.sql` and `down.sql`, both with timeouts and with room for manual SQL, and `rows.sql` if there is something
 * to insert rows into. Parts that would lock a table in use become separate migrations: an index, a value of an enum,
 * and the check of rows for a foreign key or NOT NULL. A new table is opened for the roles of the existing ones.
 * @returns what was written, in order; a script without a statement if the schema contains nothing new.
 * @throws {MigrationError} `migrate.name_invalid`, `migrate.diff_failed`
 */
export async function newMigration(options: NewMigrationOptions): Promise<NewMigration[]> {
  const { project, name, single = false, now = new Date(), signal } = options
  if (!/^[a-z0-9]+(_[a-z0-9]+)*$/.test(name)) {
    throw new MigrationError('migrate.name_invalid', `${JSON.stringify(name)} is not a valid name for a migration`, {
      details: { found: name },
      remedy: 'use lower-case letters, digits and underscores, as in add_nickname',
    })
  }
  if (single) {
    const { write } = writer(project, now)
    return [
      write(
        name,
        renderSingle(name, '-- CREATE INDEX CONCURRENTLY ...;'),
        renderScript(`Undoes ${name}.`, [], NOTHING),
      ),
    ]
  }
  const [forth, back] = await diffBothWays(project, signal)
  const declared = readDeclared(path.join(project.root, project.schema))
  return await writeMigrations({ place: project, name, forth, back, declared, now })
}

/** The folder of the migrations. */
type Place = Pick<PrismaProject, 'root' | 'migrations'>

/** Turns Prisma's scripts, forward and back, into deployable migrations. */
export async function writeMigrations(change: {
  readonly place: Place
  readonly name: string
  readonly forth: string
  readonly back: string
  readonly declared: Declared
  readonly now: Date
}): Promise<NewMigration[]> {
  const { place, name, forth, back, declared, now } = change
  const { existing, write } = writer(place, now)
  const { schema, linted } = await playAll(existing)
  const up = await parseSql(forth)
  const drafts = await draftsOf(
    { name, forth: up, back: await parseSql(withoutNamelessSequences(back)), declared },
    schema,
    linted,
  )
  const rows = rowsFor(up, schema)
  return drafts.map((draft) => {
    const { up, down } = renderDraft(draft)
    // The rows are for the migration that creates the tables and columns.
    const { byHand } = draft
    return { ...write(draft.title, up, down, draft.title === name ? rows : undefined), ...defined({ byHand }) }
  })
}

function writer(place: Place, now: Date) {
  const existing = readMigrations(path.join(place.root, place.migrations))
  const stamp = stamps(now, existing.at(-1)?.name)
  const write = (title: string, up: string, down: string, rows?: string): NewMigration =>
    writeMigration(place, `${stamp()}_${title}`, up, down, rows)
  return { existing, write }
}

const NOTHING = { statements: [], notes: [] }

async function diffBothWays(project: PrismaProject, signal: AbortSignal | undefined): Promise<[string, string]> {
  const { schema, migrations, env } = project
  const forth = ['--from-migrations', migrations, '--to-schema', schema]
  const back = ['--from-schema', schema, '--to-migrations', migrations]
  // Each works in a separate database, unless one is configured, which the second would wipe under the first.
  if (isSet(env, 'SHADOW_DATABASE_URL')) {
    return [await prismaDiff(project, forth, signal), await prismaDiff(project, back, signal)]
  }
  const making = prismaDiff(project, forth, signal)
  making.catch(() => {}) // of two failures the reverse script, which starts from the schema, reports what is wrong with
  // that
  const found = await prismaDiff(project, back, signal)
  return [await making, found]
}

/** Time stamps as Prisma creates them, each later than the one before and than the last existing migration. */
function stamps(now: Date, last = ''): () => string {
  let previous = /^\d{14}/.exec(last)?.[0] ?? ''
  let at = now.getTime()
  return () => {
    if (toStamp(at) <= previous) at = Math.max(at, fromStamp(previous)) + 1000
    previous = toStamp(at)
    return previous
  }
}

const toStamp = (ms: number): string => new Date(ms).toISOString().replaceAll(/\D/g, '').slice(0, 14)

const fromStamp = (text: string): number =>
  Date.parse(text.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z')) || 0

function writeMigration(
  { root, migrations }: Place,
  name: string,
  up: string,
  down: string,
  rows: string | undefined,
): NewMigration {
  const folder = path.join(migrations, name)
  mkdirSync(path.join(root, folder), { recursive: true })
  const lock = path.join(root, migrations, 'migration_lock.toml')
  try {
    writeFileSync(lock, 'provider = "postgresql"\n', { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const files = [
    [path.join(folder, 'migration.sql'), up],
    [path.join(folder, 'down.sql'), down],
    ...(rows === undefined ? [] : [[path.join(folder, 'rows.sql'), rows] as const]),
  ] as const
  for (const [file, text] of files) writeFileSync(path.join(root, file), text, { flag: 'wx' })
  return { name, files: files.map(([file]) => file) }
}
