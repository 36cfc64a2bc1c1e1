import { defined } from '@miyabi/core'
import pg from 'pg'
import type { LintedMigration } from '../lint/rule.js'
import type { Schema } from '../schema/facts.js'
import { shortName } from '../sql/names.js'
import type { Statement } from '../sql/parse.js'
import { asKind } from '../sql/walk.js'
import { alikeIn, asTheOthers } from './alike.js'
import { cleanScript, droppedBy, partialIndexesOf } from './clean.js'
import type { Declared } from './declared.js'
import { type Draft, type Piece, piece } from './draft.js'
import { notesOn } from './notes.js'
import { openTables } from './open-tables.js'
import { refilled } from './refill.js'
import { sqlName } from './roles.js'
import { sequencesBack, withSequences } from './sequences.js'
import { splitIndexes } from './split.js'
import { splitChecks } from './split-checks.js'
import { splitEnumValues } from './split-enums.js'

/** What Prisma writes for a change of its schema, forward and back. */
interface Change {
  readonly name: string
  readonly forth: readonly Statement[]
  readonly back: readonly Statement[]
  readonly declared: Declared
}

/** Turns Prisma's script and its reverse into deployable migrations, in order. */
export async function draftsOf(
  { name, forth, back, declared }: Change,
  schema: Schema,
  existing: readonly LintedMigration[],
): Promise<Draft[]> {
  const partial = new Set(existing.flatMap(({ statements }) => partialIndexesOf(statements)))
  const enums = splitEnumValues(name, forth, back)
  const up = cleanScript(enums.up, partial)
  const down = cleanScript(enums.down, partial)
  const indexes = splitIndexes(up.statements, down.statements, schema)
  const more = await asTheOthers(up.statements, alikeIn(existing, schema), schema, declared.docs)
  const whole = [...(await withSequences(indexes.up, schema)), ...more]
  const checks = splitChecks(name, whole, await refilled(indexes.down, schema), schema)
  const views = declared.views.filter((view) => !schema.views.has(view) && !schema.tables.has(view)).map(viewByHand)
  const main: Draft = {
    title: name,
    purpose: name,
    up: [...checks.up, ...openTables(up.statements, schema)],
    down: [...checks.down, ...sequencesBack(up.statements, down.statements), ...notDropped(up.statements)],
    loses: { up: droppedBy(up.statements), down: droppedBy(down.statements) },
    notes: { up: [...up.notes, ...notesOn(up.statements, schema), ...views], down: down.notes },
    ...defined({ byHand: views.length > 0 ? views : undefined }),
  }
  const others = [...(enums.values ? [enums.values] : []), ...indexes.before, ...indexes.after]
  const isNeeded = main.up.length > 0 || main.down.length > 0 || others.length === 0 || views.length > 0
  return [
    ...(enums.values ? [enums.values] : []),
    ...indexes.before,
    ...(isNeeded ? [main] : []),
    ...(checks.validation ? [checks.validation] : []),
    ...indexes.after,
  ]
}

/** Prisma's schema names a view and its columns, never its query. */
const viewByHand = (view: string): string =>
  `The Prisma schema has a view ${shortName(view)}, but cannot express its query: write CREATE VIEW ${sqlName(view)} WITH (security_invoker = true) AS SELECT ...; and DROP VIEW in down.sql.`

/** Prisma creates extensions and schemas, and drops none. */
const notDropped = (up: readonly Statement[]): Piece[] =>
  up.flatMap(({ node }) => {
    const extension = asKind(node, 'CreateExtensionStmt')?.extname
    const schema = asKind(node, 'CreateSchemaStmt')?.schemaname
    return [
      ...(extension === undefined ? [] : [piece(`DROP EXTENSION ${pg.escapeIdentifier(extension)}`)]),
      ...(schema === undefined ? [] : [piece(`DROP SCHEMA ${pg.escapeIdentifier(schema)}`)]),
    ]
  })
