import { qualifiedName, relationName, shortName, textsOf } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import { isInUse } from '../in-use.js'
import type { MigrationRule } from '../rule.js'

export const banDropNotNull: MigrationRule = {
  name: 'ban-drop-not-null',
  demand: 'A column becomes nullable only when every running release can read NULL.',
  check: (migration) =>
    migration.steps.flatMap((step) => {
      const alter = asKind(step.node, 'AlterTableStmt')
      const name = relationName(alter?.relation)
      if (!isInUse(migration, step, name)) return []
      return (alter?.cmds ?? []).flatMap((each) => {
        const command = asKind(each, 'AlterTableCmd')
        if (command?.subtype !== 'AT_DropNotNull') return []
        return {
          statement: step.statement,
          problem: `${shortName(name)}.${command.name} may be null from now on, which a release that is still running may not expect`,
          remedy: 'first deploy code that can read NULL, then accept it with @ignore',
        }
      })
    }),
}

export const renamingColumn: MigrationRule = {
  name: 'renaming-column',
  demand: 'A column keeps its name as long as a running release uses it.',
  check: (migration) =>
    migration.steps.flatMap((step) => {
      const rename = asKind(step.node, 'RenameStmt')
      const name = relationName(rename?.relation)
      const { subname = '', newname } = rename ?? {}
      if (rename?.renameType !== 'OBJECT_COLUMN' || !isInUse(migration, step, name)) return []
      if (migration.after.tables.get(name)?.columns.has(subname)) return [] // another object has its name in the end
      return {
        statement: step.statement,
        problem: `${shortName(name)}.${subname} is renamed to ${newname} immediately, and every query of the release that is still running fails`,
        remedy:
          'add a column with the new name, write both, fill it in batches, read the new one, and drop the old one in a later release; or keep the name in the database and change only the Prisma field (@map)',
      }
    }),
}

export const renamingTable: MigrationRule = {
  name: 'renaming-table',
  demand: 'A table or a view keeps its name and its schema as long as a running release uses them.',
  check: (migration) =>
    migration.steps.flatMap((step) => {
      const rename = asKind(step.node, 'RenameStmt')
      const move = asKind(step.node, 'AlterObjectSchemaStmt')
      const kind = rename?.renameType ?? move?.objectType ?? ''
      if (!['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_FOREIGN_TABLE'].includes(kind)) return []
      const name = relationName(rename?.relation ?? move?.relation)
      const isNew = step.before.views.get(name)?.origin?.migration === migration.name
      const isThereAgain = migration.after.tables.has(name) || migration.after.views.has(name)
      if (isNew || isThereAgain || !isInUse(migration, step, name)) return []
      return {
        statement: step.statement,
        problem: `${shortName(name)} is renamed to ${rename?.newname ?? `${move?.newschema}.${move?.relation?.relname}`} immediately, and every query of the release that is still running fails`,
        remedy:
          'keep the name in the database and change only the Prisma model (@@map); or leave a view with the old name behind',
      }
    }),
}

export const renamingType: MigrationRule = {
  name: 'renaming-type',
  demand: 'A type, and each value of an enum, keeps its name as long as a running release uses it.',
  check: (migration) =>
    migration.steps.flatMap((step) => {
      const rename = asKind(step.node, 'RenameStmt')
      const value = asKind(step.node, 'AlterEnumStmt')
      const isType = rename?.renameType === 'OBJECT_TYPE' || rename?.renameType === 'OBJECT_DOMAIN'
      const names = isType ? asKind(rename.object, 'List')?.items : value?.oldVal ? value.typeName : undefined
      const name = qualifiedName(textsOf(names))
      const isNew = step.made.has(`type ${name}`) || step.before.types.get(name)?.origin?.migration === migration.name
      // An enum that replaces another has that one's name in the end.
      if (!names || isNew || (isType && migration.after.types.has(name))) return []
      const what = isType ? shortName(name) : `the value ${value?.oldVal} of ${shortName(name)}`
      return {
        statement: step.statement,
        problem: `${what} is renamed to ${rename?.newname ?? value?.newVal} immediately, and every query of the release that is still running and uses it fails`,
        remedy: isType
          ? 'keep the name in the database and change only the Prisma enum (@@map)'
          : 'keep the value in the database and change only the Prisma enum (@map); or add the new one, write it, change the rows in batches, and leave the old one unused',
      }
    }),
}
