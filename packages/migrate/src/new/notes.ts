import type { Schema } from '../schema/facts.js'
import { qualifiedName, relationName, shortName, textsOf } from '../sql/names.js'
import type { Statement } from '../sql/parse.js'
import { asKind } from '../sql/walk.js'
import { sqlName } from './roles.js'

const SAFE_WAY = 'docs/MIGRATIONS.md, "Changing a big table while it is used"'

/** What the reader of a Prisma script has to know: where it destroys what may have been meant to be kept. */
export const notesOn = (up: readonly Statement[], schema: Schema): string[] => [
  ...columnsReplaced(up),
  ...tablesReplaced(up),
  ...valuesGone(up, schema),
]

/** Prisma knows no renaming and few conversions: it drops a column and adds another, and the values are lost. */
function columnsReplaced(up: readonly Statement[]): string[] {
  return up.flatMap(({ node }) => {
    const alter = asKind(node, 'AlterTableStmt')
    const commands = (alter?.cmds ?? []).flatMap((each) => asKind(each, 'AlterTableCmd') ?? [])
    const gone = commands.flatMap(({ subtype, name }) => (subtype === 'AT_DropColumn' && name ? [name] : []))
    const come = commands.flatMap(({ subtype, def }) => {
      return subtype === 'AT_AddColumn' ? (asKind(def, 'ColumnDef')?.colname ?? []) : []
    })
    const table = sqlName(relationName(alter?.relation))
    const replaced = gone.filter((name) => come.includes(name))
    const left = gone.filter((name) => !come.includes(name))
    const added = come.filter((name) => !gone.includes(name))
    return [
      ...replaced.flatMap((name) => [
        `${name} of ${table} gets a type for which Prisma knows no conversion: as written here, its values are lost.`,
        `To keep them: a column of the new type beside it, filled in batches (${SAFE_WAY});`,
        `or, if the table is small, ALTER TABLE ${table} ALTER COLUMN "${name}" TYPE ... USING ... . For an enum under another name:`,
        'ALTER TYPE ... RENAME TO ...',
      ]),
      ...(left.length === 0 || added.length === 0
        ? []
        : [
            `If ${left.join(', ')} of ${table} was renamed and not dropped: keep its name in the database (@map), or see`,
            `${SAFE_WAY}. As written here, its values are lost.`,
          ]),
    ]
  })
}

function tablesReplaced(up: readonly Statement[]): string[] {
  const gone = up.flatMap(({ node }) => {
    const drop = asKind(node, 'DropStmt')
    return drop?.removeType === 'OBJECT_TABLE'
      ? (drop.objects ?? []).map((object) => qualifiedName(textsOf(asKind(object, 'List')?.items)))
      : []
  })
  const come = up.flatMap(({ node }) => {
    const create = asKind(node, 'CreateStmt')
    return create ? [relationName(create.relation)] : []
  })
  if (gone.length === 0 || come.length === 0) return []
  return [
    `If ${gone.map(shortName).join(', ')} was renamed to ${come.map(shortName).join(' or ')} and not dropped: keep its name in the database (@@map),`,
    `or write ALTER TABLE ${sqlName(gone[0] ?? '')} RENAME TO ... instead, and the reverse in down.sql: the release that still`,
    'runs fails from then on. As written here, its rows are lost.',
  ]
}

/** Values that an enum no longer has: rows that hold them stop the script. */
function valuesGone(up: readonly Statement[], schema: Schema): string[] {
  return up.flatMap(({ node }) => {
    const made = asKind(node, 'CreateEnumStmt')
    const name = qualifiedName(textsOf(made?.typeName)).replace(/_new$/, '')
    const before = schema.types.get(name)?.labels
    if (!made || !before) return []
    const after = textsOf(made.vals)
    const gone = before.filter((label) => !after.includes(label))
    const come = after.filter((label) => !before.includes(label))
    const type = sqlName(name)
    return [
      `${gone.join(', ')} of ${type} is removed: rows that hold it stop this script. Change them first, in batches, when no release writes it any more.`,
      ...(gone.length === 1 && come.length === 1
        ? [
            `If it was renamed: ALTER TYPE ${type} RENAME VALUE '${gone[0]}' TO '${come[0]}'; instead, and the reverse in down.sql.`,
          ]
        : []),
    ]
  })
}
