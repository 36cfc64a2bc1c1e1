import type { Node } from '@pgsql/types'
import { asKind, type Kinds, type NodeOf } from '../sql/walk.js'
import { applyAlterFunction, applyCreateFunction } from './apply-function.js'
import { applyDefaultPrivileges, applyGrant } from './apply-grant.js'
import { applyAlterPolicy, applyCreatePolicy } from './apply-policy.js'
import { applyDrop, applyRename, applySetSchema } from './apply-rename.js'
import { applyAlterTable, applyCreateIndex, applyCreateTable } from './apply-table.js'
import { applyAlterDomain, applyCreateDomain, applyCreateEnum } from './apply-type.js'
import { applyCreateTableAs, applyCreateView } from './apply-view.js'
import type { Origin, Schema } from './facts.js'

type Appliers = { readonly [Kind in Kinds]?: (schema: Schema, statement: NodeOf<Kind>, origin: Origin) => void }

const appliers: Appliers = {
  CreateStmt: applyCreateTable,
  CreateTableAsStmt: applyCreateTableAs,
  AlterTableStmt: applyAlterTable,
  IndexStmt: applyCreateIndex,
  ViewStmt: applyCreateView,
  CreatePolicyStmt: applyCreatePolicy,
  AlterPolicyStmt: applyAlterPolicy,
  CreateFunctionStmt: applyCreateFunction,
  AlterFunctionStmt: applyAlterFunction,
  GrantStmt: applyGrant,
  AlterDefaultPrivilegesStmt: applyDefaultPrivileges,
  CreateEnumStmt: applyCreateEnum,
  CreateDomainStmt: applyCreateDomain,
  AlterDomainStmt: applyAlterDomain,
  RenameStmt: applyRename,
  AlterObjectSchemaStmt: applySetSchema,
  DropStmt: applyDrop,
}

/** Changes a schema as a statement would. DO blocks are handled elsewhere: see `statementsRunBy`. */
export function applyStatement(schema: Schema, node: Node, origin: Origin): void {
  const apply = <Kind extends Kinds>(kind: Kind): void => {
    const statement = asKind(node, kind)
    if (statement !== undefined) appliers[kind]?.(schema, statement, origin)
  }
  for (const kind of Object.keys(appliers) as Kinds[]) apply(kind)
}
