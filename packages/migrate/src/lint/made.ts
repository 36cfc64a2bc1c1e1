import type { Node } from '@pgsql/types'
import { qualifiedName, relationName, textsOf } from '../sql/names.js'
import { asKind } from '../sql/walk.js'

/**
 * What a statement creates, by name: a table (a temporary one too), a view, a sequence as `schema.name`, a schema as
 * `schema NAME`, a type as `type schema.name`, and nothing else.
 */
export function madeBy(node: Node): string[] {
  const table = asKind(node, 'CreateStmt')?.relation ?? asKind(node, 'CreateTableAsStmt')?.into?.rel
  const relation =
    table ??
    asKind(node, 'SelectStmt')?.intoClause?.rel ??
    asKind(node, 'ViewStmt')?.view ??
    asKind(node, 'CreateSeqStmt')?.sequence ??
    asKind(asKind(node, 'CreateForeignTableStmt')?.base as Node | undefined, 'CreateStmt')?.relation
  if (relation) return [relationName(relation)]
  const schema = asKind(node, 'CreateSchemaStmt')?.schemaname
  if (schema !== undefined) return [`schema ${schema}`]
  const type =
    asKind(node, 'CreateEnumStmt')?.typeName ??
    asKind(node, 'CreateDomainStmt')?.domainname ??
    asKind(node, 'CreateRangeStmt')?.typeName
  return type ? [`type ${qualifiedName(textsOf(type))}`] : []
}
