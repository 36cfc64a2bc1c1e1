import type { Node } from '@pgsql/types'
import type { Table } from '../schema/facts.js'
import { relationName, textsOf } from '../sql/names.js'
import { asKind } from '../sql/walk.js'

/** What a condition evaluates to, as far as it can be determined without the rows. */
type Truth = true | false | undefined

/**
 * Whether a condition accepts every row of a table: `true`, `1 = 1`, `id = id`, `id IS NOT NULL` of a key, and
 * combinations of such.
 */
export const isAlwaysTrue = (condition: Node | undefined, table: Table | undefined): boolean =>
  condition === undefined || truth(condition, table) === true

function truth(node: Node | undefined, table: Table | undefined): Truth {
  const constant = asKind(node, 'A_Const')
  if (constant) return constant.boolval === undefined ? undefined : constant.boolval.boolval === true
  const cast = asKind(node, 'TypeCast')
  if (cast) return castTruth(cast.arg, table)
  const combined = asKind(node, 'BoolExpr')
  if (combined) {
    const parts = (combined.args ?? []).map((each) => truth(each, table))
    if (combined.boolop === 'NOT_EXPR') return parts[0] === undefined ? undefined : !parts[0]
    const [decides, other] = combined.boolop === 'OR_EXPR' ? [true, false] : [false, true]
    if (parts.includes(decides)) return decides
    return parts.every((part) => part === other) ? other : undefined
  }
  const test = asKind(node, 'NullTest')
  if (test) {
    const column = columnOf(test.arg)
    if (column === undefined || !table?.shape.required.has(column)) return undefined
    return test.nulltesttype === 'IS_NOT_NULL'
  }
  const comparison = asKind(node, 'A_Expr')
  if (comparison?.kind === 'AEXPR_OP')
    return compared(textsOf(comparison.name).at(-1), comparison.lexpr, comparison.rexpr)
  return subSelect(node, table)
}

/** `'t'::boolean`. */
function castTruth(node: Node | undefined, table: Table | undefined): Truth {
  const text = asKind(node, 'A_Const')?.sval?.sval
  if (text === undefined) return truth(node, table)
  return /^(t|true|y|yes|on|1)$/i.test(text) ? true : undefined
}

function compared(operator: string | undefined, left: Node | undefined, right: Node | undefined): Truth {
  const [a, b] = [columnOf(left), columnOf(right)]
  if (a !== undefined && a === b) return operator === '=' || operator === '>=' || operator === '<=' ? true : undefined
  const [x, y] = [constantOf(left), constantOf(right)]
  if (x === undefined || y === undefined || typeof x !== typeof y) return undefined
  switch (operator) {
    case '=':
      return x === y
    case '<>':
      return x !== y
    case '<':
      return x < y
    case '>':
      return x > y
    case '<=':
      return x <= y
    case '>=':
      return x >= y
    default:
      return undefined
  }
}

/** `EXISTS (SELECT 1)`, `id IN (SELECT id FROM the same table)`. */
function subSelect(node: Node | undefined, table: Table | undefined): Truth {
  const link = asKind(node, 'SubLink')
  const select = asKind(link?.subselect, 'SelectStmt')
  const isWhole = select && !select.whereClause && !select.limitCount && !select.havingClause && !select.groupClause
  if (!link || !select || !isWhole) return undefined
  const [from, ...more] = select.fromClause ?? []
  if (link.subLinkType === 'EXISTS_SUBLINK') return from === undefined ? true : undefined
  const source = asKind(from, 'RangeVar')
  if (link.subLinkType !== 'ANY_SUBLINK' || !source || more.length > 0) return undefined
  const chosen = columnOf(asKind(select.targetList?.[0], 'ResTarget')?.val)
  const isSame = relationName(source) === table?.name && chosen !== undefined && chosen === columnOf(link.testexpr)
  return isSame ? true : undefined
}

const columnOf = (node: Node | undefined): string | undefined => textsOf(asKind(node, 'ColumnRef')?.fields).at(-1)

function constantOf(node: Node | undefined): string | number | undefined {
  const constant = asKind(node, 'A_Const')
  if (constant?.sval) return constant.sval.sval ?? ''
  return constant?.ival ? (constant.ival.ival ?? 0) : undefined
}
