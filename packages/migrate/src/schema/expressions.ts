import type { A_Expr, FuncCall, Node } from '@pgsql/types'
import { qualifiedName, textsOf } from '../sql/names.js'
import { asKind, nodesOf } from '../sql/walk.js'
import type { Schema } from './facts.js'

/** A call in a policy that the server repeats for every row. */
export interface PerRowCall {
  /** As written. */
  readonly name: string
  /** Its arguments include columns of the row, so it cannot be evaluated once. */
  readonly takesRow: boolean
}

/**
 * The calls of an expression that run for each row: those outside `(SELECT f())`. A function of the server itself that
 * reads the row (`lower(email)`) is an ordinary expression, and is not included.
 */
export function perRowCalls(schema: Schema, expression: Node | undefined): PerRowCall[] {
  const calls = [...callsOutsideSelects(expression)]
  return calls.flatMap((call) => {
    const names = textsOf(call.funcname)
    const takesRow = call.agg_star === true || hasColumns(call.args)
    if (takesRow && !isOurs(schema, names)) return []
    return { name: names.filter((name) => name !== 'pg_catalog').join('.'), takesRow }
  })
}

/** A sub-select that names no column is evaluated once; any other is searched. */
function* callsOutsideSelects(tree: unknown): Generator<FuncCall> {
  if (typeof tree !== 'object' || tree === null) return
  for (const [key, value] of Object.entries(tree)) {
    if (key === 'SubLink') {
      const select = asKind((value as { subselect?: Node }).subselect, 'SelectStmt')
      if (select && !hasColumns(select)) continue
    }
    if (key === 'FuncCall') yield value as FuncCall
    yield* callsOutsideSelects(value)
  }
}

/**
 * The columns of the policy's table that it compares with the identity and that no index begins with. For comparisons
 * joined by AND one index is enough, for those joined by OR each needs its own. Comparisons with a constant select no
 * user's rows, and do not count.
 */
export function unindexedColumns(expression: Node | undefined, isIndexed: (column: string) => boolean): string[] {
  return branch(expression, isIndexed)?.missing ?? []
}

/** Undefined if nothing is compared. */
function branch(node: Node | undefined, isIndexed: (column: string) => boolean): { missing: string[] } | undefined {
  const logic = asKind(node, 'BoolExpr')
  if (logic) {
    const branches = (logic.args ?? []).flatMap((argument) => branch(argument, isIndexed) ?? [])
    if (branches.length === 0) return undefined
    const isEnough = logic.boolop === 'AND_EXPR' && branches.some(({ missing }) => missing.length === 0)
    return { missing: isEnough ? [] : branches.flatMap(({ missing }) => missing) }
  }
  const column = comparedColumn(node)
  if (column === undefined) return undefined
  return { missing: isIndexed(column) ? [] : [column] }
}

function comparedColumn(node: Node | undefined): string | undefined {
  const link = asKind(node, 'SubLink')
  if (link?.subLinkType === 'ANY_SUBLINK') return ownColumn(link.testexpr)
  const comparison = asKind(node, 'A_Expr')
  if (!comparison || !isEquality(comparison)) return undefined
  const { lexpr, rexpr } = comparison
  const [left, right] = [ownColumn(lexpr), ownColumn(rexpr)]
  const other = left === undefined ? lexpr : rexpr
  return isConstant(other) || (left !== undefined && right !== undefined) ? undefined : (left ?? right)
}

const isEquality = ({ kind, name }: A_Expr): boolean =>
  (kind === 'AEXPR_OP' || kind === 'AEXPR_OP_ANY') && textsOf(name).at(-1) === '='

/** The column that an expression is, ignoring casts. */
function ownColumn(node: Node | undefined): string | undefined {
  const cast = asKind(node, 'TypeCast')
  if (cast) return ownColumn(cast.arg)
  return textsOf(asKind(node, 'ColumnRef')?.fields).at(-1)
}

function isConstant(node: Node | undefined): boolean {
  for (const kind of ['ColumnRef', 'FuncCall', 'SubLink', 'SQLValueFunction'] as const) {
    if (!nodesOf(node, kind).next().done) return false
  }
  return true
}

/** The tables and views that a statement or an expression reads. */
export function relationsIn(tree: unknown): Set<string> {
  const names = [...nodesOf(tree, 'RangeVar')].map(({ schemaname, relname }) =>
    qualifiedName([...(schemaname ? [schemaname] : []), relname ?? '']),
  )
  return new Set(names)
}

/** The functions that an expression calls, as they are written. */
export const functionsIn = (tree: unknown): string[] =>
  [...nodesOf(tree, 'FuncCall')].map(({ funcname }) => qualifiedName(textsOf(funcname)))

/** Whether a name is that of a function in the schema, rather than of the server. */
function isOurs(schema: Schema, names: readonly string[]): boolean {
  const name = qualifiedName(names)
  return [...schema.functions.values()].some((each) => each.name === name)
}

const hasColumns = (tree: unknown): boolean => !nodesOf(tree, 'ColumnRef').next().done
