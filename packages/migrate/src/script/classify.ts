import type { Statement } from '../sql/parse.js'
import { asKind } from '../sql/walk.js'

/** Whether a statement begins or ends a transaction, which a script that is run as a whole must not do. */
export const isTransactionControl = ({ node }: Statement): boolean => asKind(node, 'TransactionStmt') !== undefined

/** Whether PostgreSQL refuses a statement inside a transaction: it must then be the only one of its migration. */
export function isNotTransactional({ node }: Statement): boolean {
  const alter = asKind(node, 'AlterTableStmt')
  return (
    isConcurrentIndex({ node }) ||
    (alter?.cmds ?? []).some((each) => isConcurrentDetach(asKind(each, 'AlterTableCmd'))) ||
    asKind(node, 'VacuumStmt')?.is_vacuumcmd === true ||
    NEVER_IN_TRANSACTION.some((kind) => kind in node)
  )
}

/** Whether an index is created, rebuilt or dropped concurrently with readers and writers of its table. */
export const isConcurrentIndex = ({ node }: Pick<Statement, 'node'>): boolean =>
  asKind(node, 'IndexStmt')?.concurrent === true ||
  asKind(node, 'DropStmt')?.concurrent === true ||
  (asKind(node, 'ReindexStmt')?.params ?? []).some((each) => asKind(each, 'DefElem')?.defname === 'concurrently')

const NEVER_IN_TRANSACTION = [
  'CreatedbStmt',
  'DropdbStmt',
  'AlterSystemStmt',
  'CreateTableSpaceStmt',
  'DropTableSpaceStmt',
]

function isConcurrentDetach(command: { readonly subtype?: string; readonly def?: object } | undefined): boolean {
  if (command?.subtype !== 'AT_DetachPartition') return false
  return (command.def as { PartitionCmd?: { concurrent?: boolean } } | undefined)?.PartitionCmd?.concurrent === true
}
