import type { Node, RangeVar } from '@pgsql/types'
import type { Schema } from '../schema/facts.js'
import { qualifiedName, relationName, textsOf } from '../sql/names.js'
import { asKind, type Kinds, nodesOf } from '../sql/walk.js'
import { tableOfIndex } from './in-use.js'
import { madeBy } from './made.js'

/** Statements about one table, each with the place where it names it. */
const ONE_TABLE: { readonly [Kind in Kinds]?: 'relation' | 'table' } = {
  AlterTableStmt: 'relation',
  IndexStmt: 'relation',
  RenameStmt: 'relation',
  CreateTrigStmt: 'relation',
  RuleStmt: 'relation',
  ClusterStmt: 'relation',
  RefreshMatViewStmt: 'relation',
  InsertStmt: 'relation',
  UpdateStmt: 'relation',
  DeleteStmt: 'relation',
  MergeStmt: 'relation',
  AlterObjectSchemaStmt: 'relation',
  CreatePolicyStmt: 'table',
  AlterPolicyStmt: 'table',
}

/** The tables that a statement refers to, by name. */
export function tablesOf(node: Node, schema: Schema): string[] {
  for (const [kind, field] of Object.entries(ONE_TABLE)) {
    const statement = (node as unknown as Record<string, Record<string, RangeVar | undefined>>)[kind]
    if (statement) return [relationName(statement[field])]
  }
  const several = asKind(node, 'TruncateStmt')?.relations ?? asKind(node, 'LockStmt')?.relations
  if (several) return several.map((each) => relationName(asKind(each, 'RangeVar')))
  const drop = asKind(node, 'DropStmt')
  return (drop?.objects ?? []).flatMap((object) => {
    const names = textsOf(asKind(object, 'List')?.items)
    if (drop?.removeType === 'OBJECT_TABLE') return [qualifiedName(names)]
    if (drop?.removeType === 'OBJECT_POLICY' || drop?.removeType === 'OBJECT_TRIGGER') {
      return [qualifiedName(names.slice(0, -1))]
    }
    if (drop?.removeType !== 'OBJECT_INDEX') return []
    const table = tableOfIndex(schema, names.at(-1) ?? '')
    return table ? [table.name] : []
  })
}

/**
 * The tables that it locks against writers, or waits for: those, the ones that its foreign keys point to, and parents
 * of partitions.
 */
export function lockedTables(node: Node, schema: Schema): string[] {
  const keys = [...nodesOf(node, 'Constraint')].filter(({ contype }) => contype === 'CONSTR_FOREIGN')
  const parents = (asKind(node, 'CreateStmt')?.inhRelations ?? []).map((each) => asKind(each, 'RangeVar'))
  const partitions = [...nodesOf(node, 'PartitionCmd')].map(({ name }) => name)
  const others = [...keys.map(({ pktable }) => pktable), ...parents, ...partitions]
  const own = madeBy(node) // a foreign key of a new table to itself
  const names = [...tablesOf(node, schema), ...others.flatMap((other) => (other ? [relationName(other)] : []))]
  return names.filter((name) => !own.includes(name))
}
