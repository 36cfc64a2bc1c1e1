import type { DropStmt, Node } from '@pgsql/types'
import { qualifiedName, relationName, shortName, textsOf } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import { alterationsOf, isInUse } from '../in-use.js'
import type { Complaint, MigrationRule, Step } from '../rule.js'

export const banDropColumn: MigrationRule = {
  name: 'ban-drop-column',
  demand: 'A column is dropped only when no running release reads or writes it: its values are lost permanently.',
  check: (migration) =>
    alterationsOf(migration, 'AT_DropColumn').map(({ step, name, command }) => ({
      statement: step.statement,
      problem: `${shortName(name)}.${command.name} is dropped with all its values, and anything that still refers to it fails`,
      remedy: 'first deploy code that no longer reads or writes it, then drop it, and accept it with @ignore',
    })),
}

export const banDropTable: MigrationRule = {
  name: 'ban-drop-table',
  demand: 'A table is dropped only when no running release uses it: its rows are lost permanently.',
  check: (migration) =>
    migration.steps.flatMap((step) => {
      const drop = asKind(step.node, 'DropStmt')
      if (drop?.removeType !== 'OBJECT_TABLE' && drop?.removeType !== 'OBJECT_FOREIGN_TABLE') return []
      return namesOf(drop)
        .filter((table) => isInUse(migration, step, table))
        .map((table) => ({
          statement: step.statement,
          problem: `${shortName(table)} is dropped with all its rows, and anything that still refers to it fails`,
          remedy: 'first deploy code that no longer uses it, then drop it, and accept it with @ignore',
        }))
    }),
}

/** Objects that hold rows or numbers, or contain such objects. */
const HOLDING: Readonly<Record<string, string>> = {
  OBJECT_SCHEMA: 'schema',
  OBJECT_MATVIEW: 'materialized view',
  OBJECT_SEQUENCE: 'sequence',
}

export const banDropObject: MigrationRule = {
  name: 'ban-drop-object',
  demand:
    'A schema, a materialized view, a sequence, a database or everything that a role owns is dropped only deliberately.',
  check: (migration) =>
    migration.steps.flatMap((step): Complaint[] => {
      const { statement, node, before, made } = step
      const remedy =
        'drop its contents one by one, so that each loss is reviewed, and state with @ignore that it is unused'
      if (asKind(node, 'DropOwnedStmt'))
        return [{ statement, problem: 'everything the role owns is dropped, including tables and their rows', remedy }]
      if (asKind(node, 'DropdbStmt')) return [{ statement, problem: 'a whole database is dropped', remedy }]
      const drop = asKind(node, 'DropStmt')
      const word = HOLDING[drop?.removeType ?? '']
      if (!drop || word === undefined) return []
      const isNew = (name: string): boolean =>
        made.has(word === 'schema' ? `schema ${name}` : name) ||
        before.views.get(name)?.origin?.migration === migration.name
      return namesOf(drop)
        .filter((name) => !isNew(name))
        .map((name) => ({
          statement,
          problem: `the ${word} ${shortName(name)} is dropped${word === 'schema' && isCascade(drop) ? ', with every table in it and all their rows' : ', and anything that still refers to it fails'}`,
          remedy,
        }))
    }),
}

/** Covered by a separate rule, or never depended on. */
const TOLD_ELSEWHERE = [
  ...Object.keys(HOLDING),
  'OBJECT_TABLE',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_POLICY',
  'OBJECT_TRIGGER',
  'OBJECT_RULE',
  'OBJECT_INDEX',
]

export const dropCascade: MigrationRule = {
  name: 'drop-cascade',
  demand:
    'Nothing is dropped with CASCADE: it also drops columns, views, policies, triggers and keys, and reports which only afterwards.',
  check: (migration) => [
    ...migration.steps.flatMap((step) => {
      const drop = asKind(step.node, 'DropStmt')
      if (!drop || !isCascade(drop) || TOLD_ELSEWHERE.includes(drop.removeType ?? '')) return []
      const things = namesOf(drop).filter((name) => !isNew(step, migration.name, name))
      return things.length === 0 ? [] : cascading(step, things.map(shortName).join(', '))
    }),
    ...alterationsOf(migration, 'AT_DropConstraint').flatMap(({ step, command }) =>
      command.behavior === 'DROP_CASCADE' ? cascading(step, command.name ?? 'the constraint') : [],
    ),
  ],
}

const cascading = ({ statement }: Step, thing: string): Complaint => ({
  statement,
  problem: `CASCADE also drops everything that uses ${thing}: columns with their values, views, triggers, policies, foreign keys`,
  remedy: 'omit CASCADE, and first change or drop the objects that PostgreSQL then names',
})

const isNew = ({ before, made }: Step, migration: string, name: string): boolean =>
  made.has(`type ${name}`) ||
  made.has(name) ||
  before.views.get(name)?.origin?.migration === migration ||
  before.types.get(name)?.origin?.migration === migration

const isCascade = ({ behavior }: DropStmt): boolean => behavior === 'DROP_CASCADE'

/** The objects by name: `public.tags`; a schema and an extension without one. */
const namesOf = ({ objects = [] }: DropStmt): string[] => objects.flatMap((object) => nameOf(object) ?? [])

function nameOf(object: Node): string | undefined {
  const list =
    asKind(object, 'List')?.items ?? asKind(object, 'TypeName')?.names ?? asKind(object, 'ObjectWithArgs')?.objname
  if (list) return qualifiedName(textsOf(list))
  const relation = asKind(object, 'RangeVar')
  return relation ? relationName(relation) : asKind(object, 'String')?.sval
}
