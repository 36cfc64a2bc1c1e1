import type { LintedMigration } from '../lint/rule.js'
import type { Schema } from '../schema/facts.js'
import type { Statement } from '../sql/parse.js'
import { asKind } from '../sql/walk.js'
import { alikeIn, asTheOthers } from './alike.js'
import { cleanScript, droppedBy, partialIndexesOf } from './clean.js'
import { type Draft, type Piece, piece } from './draft.js'
import { openTables, sqlName } from './open-tables.js'
import { splitIndexes } from './split.js'
import { splitChecks } from './split-checks.js'
import { splitEnumValues } from './split-enums.js'

/** What Prisma writes for a change of its schema, forth and back. */
interface Change {
  readonly name: string
  readonly forth: readonly Statement[]
  readonly back: readonly Statement[]
  /** What its schema says of each table, by the table's name. */
  readonly docs: ReadonlyMap<string, string>
}

/** Makes of Prisma's script and its reverse the migrations that can be deployed, in order. */
export async function draftsOf(
  { name, forth, back, docs }: Change,
  schema: Schema,
  existing: readonly LintedMigration[],
): Promise<Draft[]> {
  const partial = new Set(existing.flatMap(({ statements }) => partialIndexesOf(statements)))
  const enums = splitEnumValues(name, forth, back)
  const up = cleanScript(enums.up, partial)
  const down = cleanScript(enums.down, partial)
  const indexes = splitIndexes(up.statements, down.statements, schema)
  const more = await asTheOthers(up.statements, alikeIn(existing, schema), schema, docs)
  const checks = splitChecks(name, [...indexes.up, ...more], indexes.down, schema)
  const main: Draft = {
    title: name,
    purpose: name,
    up: [...checks.up, ...openTables(up.statements, schema)],
    down: [...checks.down, ...extensionsBack(up.statements)],
    loses: { up: droppedBy(up.statements), down: droppedBy(down.statements) },
    notes: { up: [...up.notes, ...perhapsRenamed(up.statements)], down: down.notes },
  }
  const others = [...(enums.values ? [enums.values] : []), ...indexes.before, ...indexes.after]
  const isNeeded = main.up.length > 0 || main.down.length > 0 || others.length === 0
  return [
    ...(enums.values ? [enums.values] : []),
    ...indexes.before,
    ...(isNeeded ? [main] : []),
    ...(checks.validation ? [checks.validation] : []),
    ...indexes.after,
  ]
}

/** Prisma makes extensions and drops none. */
const extensionsBack = (up: readonly Statement[]): Piece[] =>
  up.flatMap(({ node }) => {
    const name = asKind(node, 'CreateExtensionStmt')?.extname
    return name === undefined ? [] : [piece(`DROP EXTENSION "${name}"`)]
  })

/** Prisma knows no renaming: it drops one column and adds another, and the values are gone. */
function perhapsRenamed(up: readonly Statement[]): string[] {
  return up.flatMap(({ node }) => {
    const alter = asKind(node, 'AlterTableStmt')
    const commands = (alter?.cmds ?? []).flatMap((each) => asKind(each, 'AlterTableCmd') ?? [])
    const gone = commands.filter(({ subtype }) => subtype === 'AT_DropColumn')
    const come = commands.filter(({ subtype }) => subtype === 'AT_AddColumn')
    if (gone.length === 0 || come.length === 0) return []
    const names = gone.map(({ name = '' }) => name).join(', ')
    return [
      `If ${names} of ${sqlName(`public.${alter?.relation?.relname}`)} was renamed and not dropped: keep its name in the database (@map), or see`,
      'docs/MIGRATIONS.md, "Changing a big table while it is used". As it is written here its values are lost.',
    ]
  })
}
