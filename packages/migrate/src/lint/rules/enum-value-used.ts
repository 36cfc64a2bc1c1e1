import type { Node } from '@pgsql/types'
import type { Schema } from '../../schema/facts.js'
import { qualifiedName, shortName, textsOf } from '../../sql/names.js'
import { asKind, nodesOf } from '../../sql/walk.js'
import type { Complaint, MigrationRule } from '../rule.js'

export const enumValueUsed: MigrationRule = {
  name: 'enum-value-used',
  demand:
    'A value added to an enum is used only by a later migration: PostgreSQL refuses its use until the migration that adds it has committed.',
  check({ steps }) {
    const added = new Map<string, string>()
    const complaints: Complaint[] = []
    for (const { statement, node, before } of steps) {
      const change = asKind(node, 'AlterEnumStmt')
      if (change?.newVal !== undefined && change.oldVal === undefined) {
        added.set(change.newVal, qualifiedName(textsOf(change.typeName)))
        continue
      }
      for (const [value, type] of added) {
        if (!usesValue(node, value, type, before)) continue
        complaints.push({
          statement,
          problem: `it uses the value '${value}', which the same migration adds to ${shortName(type)}: PostgreSQL refuses that (55P04), and the deployment fails`,
          remedy: 'add the value in a separate migration before this one',
        })
      }
    }
    return complaints
  },
}

/** Whether a statement uses the value as one of the type: cast to it, or beside a column of it. */
function usesValue(node: Node, value: string, type: string, schema: Schema): boolean {
  const isValue = (each: Node | undefined): boolean => asKind(each, 'A_Const')?.sval?.sval === value
  for (const cast of nodesOf(node, 'TypeCast')) {
    if (isValue(cast.arg) && isType(cast.typeName?.names, type)) return true
  }
  const isWritten = [...nodesOf(node, 'A_Const')].some(({ sval }) => sval?.sval === value)
  return isWritten && columnsOf(type, schema).some((column) => namesColumn(node, column, type))
}

const isType = (names: readonly Node[] | undefined, type: string): boolean =>
  names !== undefined && qualifiedName(textsOf(names)) === type

/** Every column of the type, of any table. */
const columnsOf = (type: string, { tables }: Schema): string[] =>
  [...tables.values()].flatMap(({ shape }) =>
    [...shape.columns].flatMap(([name, { typeName }]) => (isType(typeName?.names, type) ? [name] : [])),
  )

function namesColumn(node: Node, column: string, type: string): boolean {
  const alter = asKind(node, 'AlterTableStmt')
  const isAltered = (alter?.cmds ?? []).some((each) => asKind(each, 'AlterTableCmd')?.name === column)
  const isSet = [...nodesOf([node], 'ResTarget')].some(({ name }) => name === column)
  const isRead = [...nodesOf([node], 'ColumnRef')].some(({ fields }) => textsOf(fields).at(-1) === column)
  // An INSERT that names no columns means all of them.
  const isInserted = (asKind(node, 'InsertStmt')?.cols ?? []).length === 0 && asKind(node, 'InsertStmt') !== undefined
  const isDefined = [...nodesOf([node], 'ColumnDef')].some(({ typeName }) => isType(typeName?.names, type))
  return isAltered || isSet || isRead || isInserted || isDefined
}
