import type { Node } from '@pgsql/types'
import { HISTORY_TABLE } from '../../catalog/sql.js'
import { PRISMA_LOCK } from '../../history/migration-lock.js'
import { textsOf } from '../../sql/names.js'
import { asKind, nodesOf } from '../../sql/walk.js'
import type { MigrationRule } from '../rule.js'

export const migrationLockReleased: MigrationRule = {
  name: 'migration-lock-released',
  demand:
    'A migration keeps the advisory lock of the deployment and ends no session: otherwise a second deployment can start concurrently.',
  check: ({ steps }) =>
    steps.flatMap(({ statement, node }) => {
      const released = releases(node)
      if (released === undefined) return []
      return {
        statement,
        problem: `${released} releases the lock that serializes deployments: another one may start in the middle of this one`,
        remedy: 'release your own locks by their number, or take them for the transaction (pg_advisory_xact_lock)',
      }
    }),
}

function releases(node: Node): string | undefined {
  if (asKind(node, 'DiscardStmt')?.target === 'DISCARD_ALL') return 'DISCARD ALL'
  for (const { funcname, args } of nodesOf([node], 'FuncCall', ['CreateFunctionStmt'])) {
    const name = textsOf(funcname).at(-1) ?? ''
    if (name === 'pg_advisory_unlock_all' || name === 'pg_terminate_backend') return `${name}()`
    const key = asKind(args?.[0], 'A_Const')
    const isOwn = args?.length === 1 && key?.ival?.ival !== undefined && key.ival.ival !== PRISMA_LOCK
    if (name === 'pg_advisory_unlock' && args?.length === 1 && !isOwn) return `${name}()`
  }
  return undefined
}

/** Statements that may remove something from a table, or rename it. */
const HARMFUL = [
  'DropStmt',
  'TruncateStmt',
  'DeleteStmt',
  'UpdateStmt',
  'InsertStmt',
  'MergeStmt',
  'AlterTableStmt',
  'RenameStmt',
  'AlterObjectSchemaStmt',
  'CreateStmt',
]

export const historyChanged: MigrationRule = {
  name: 'history-changed',
  demand: `${HISTORY_TABLE}, in which Prisma records what was applied, is changed only by Prisma.`,
  check: ({ steps }) =>
    steps.flatMap(({ statement, node }) => {
      if (!HARMFUL.some((kind) => kind in node) || !isAboutHistory(node)) return []
      return {
        statement,
        problem: `it changes ${HISTORY_TABLE}: Prisma then no longer knows what was applied, and applies it again or not at all`,
        remedy: 'use `pnpm prisma migrate resolve` for one migration, `pnpm db:migrate rollback` to roll back',
      }
    }),
}

function isAboutHistory(node: Node): boolean {
  const dropped = (asKind(node, 'DropStmt')?.objects ?? []).map((object) =>
    textsOf(asKind(object, 'List')?.items).at(-1),
  )
  const target = Object.values(
    node as unknown as Record<string, { readonly relation?: { readonly relname?: string } }>,
  )[0]
  const emptied = (asKind(node, 'TruncateStmt')?.relations ?? []).map((each) => asKind(each, 'RangeVar')?.relname)
  return [...dropped, ...emptied, target?.relation?.relname].includes(HISTORY_TABLE)
}
