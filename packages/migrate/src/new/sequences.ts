import pg from 'pg'
import { type Conventions, conventionsOf } from '../schema/conventions.js'
import type { Schema } from '../schema/facts.js'
import { qualifiedName, relationName, textsOf } from '../sql/names.js'
import { parseSql, type Statement } from '../sql/parse.js'
import { asKind } from '../sql/walk.js'
import { type Piece, piece } from './draft.js'
import { sqlName, sqlRole } from './roles.js'

/**
 * Prisma does not know the name of a dropped sequence, and writes `DROP SEQUENCE ""`, or nothing: the forward migration
 * tells which one it is.
 */
export const withoutNamelessSequences = (script: string): string => script.replaceAll('DROP SEQUENCE "";', '')

/** Drops the sequences that a script creates, if its reverse does not. */
export function sequencesBack(up: readonly Statement[], down: readonly Statement[]): Piece[] {
  const dropped = down.flatMap(({ node }) => {
    const drop = asKind(node, 'DropStmt')
    const objects = drop?.removeType === 'OBJECT_SEQUENCE' ? (drop.objects ?? []) : []
    return objects.map((object) => qualifiedName(textsOf(asKind(object, 'List')?.items)))
  })
  return up.flatMap(({ node }) => {
    const made = asKind(node, 'CreateSeqStmt')
    const name = relationName(made?.sequence)
    return made && !dropped.includes(name) ? [piece(`DROP SEQUENCE ${sqlName(name)}`)] : []
  })
}

/** Statements, with what a sequence needs after each that creates one. */
export async function withSequences(up: readonly Statement[], schema: Schema): Promise<Statement[]> {
  const roles = conventionsOf(schema)
  const statements: Statement[] = []
  for (const each of up) {
    const pieces = sequencePieces(each, up, roles)
    const text = pieces.map((own) => `${own.comments.map((comment) => `-- ${comment.text}\n`).join('')}${own.text};\n`)
    statements.push(each, ...(await parseSql(text.join(''))))
  }
  return statements
}

/**
 * What a sequence needs that a script creates for a column of an existing table: the table's owner, which it is about
 * to be tied to; rights for the service roles; and a start after the numbers in use.
 */
function sequencePieces({ node }: Statement, all: readonly Statement[], roles: Conventions): Piece[] {
  const made = asKind(node, 'CreateSeqStmt')
  if (!made) return []
  const sequence = relationName(made.sequence)
  const place = all
    .map((each) => asKind(each.node, 'AlterSeqStmt'))
    .filter((alter) => relationName(alter?.sequence) === sequence)
    .flatMap((alter) => alter?.options ?? [])
    .map((option) => asKind(option, 'DefElem'))
    .find((option) => option?.defname === 'owned_by')
  const parts = textsOf(asKind(place?.arg, 'List')?.items)
  const column = parts.pop()
  if (column === undefined) return []
  const name = sqlName(sequence)
  const numbers = `SELECT coalesce(max(${pg.escapeIdentifier(column)}), 0) + 1 FROM ${sqlName(qualifiedName(parts))}`
  return [
    ...(roles.owner === undefined ? [] : [piece(`ALTER SEQUENCE ${name} OWNER TO ${sqlRole(roles.owner)}`)]),
    ...roles.services.map((role) => piece(`GRANT USAGE ON SEQUENCE ${name} TO ${sqlRole(role)}`)),
    piece(`SELECT setval(${pg.escapeLiteral(name)}, (${numbers}), false)`, 'It starts after the numbers in use.'),
  ]
}
