import type { Node } from '@pgsql/types'
import { textsOf } from '../sql/names.js'
import { parser } from '../sql/parser.js'
import { bodyOf, firstOf, parseBody } from '../sql/plpgsql.js'
import { asKind } from '../sql/walk.js'

/**
 * What a statement has the server run: itself, or for a DO block the statements in it, those of every branch. A loop
 * over a list of constants is unrolled, and `EXECUTE format(...)` of constants and its variable is read. Anything that
 * depends on the database is not covered.
 */
export function statementsRunBy(node: Node): Node[] {
  const block = asKind(node, 'DoStmt')
  if (!block) return [node]
  return plpgsqlStatements(bodyOf(node))
}

function plpgsqlStatements(body: string): Node[] {
  const tree = parseBody(body)
  const datums = (firstOf(tree, 'datums') ?? []) as readonly { PLpgSQL_var?: { refname?: string } }[]
  return [
    ...run(
      firstOf(tree, 'action'),
      datums.map((datum) => datum.PLpgSQL_var?.refname ?? ''),
      new Map(),
    ),
  ]
}

interface PlExpression {
  readonly PLpgSQL_expr?: { readonly query?: string }
}

interface Foreach {
  readonly varno?: number
  readonly expr?: PlExpression
  readonly body?: unknown
}

/** The statements of a part of a body, with the variables whose value is known. */
function* run(tree: unknown, variables: readonly string[], known: ReadonlyMap<string, string>): Generator<Node> {
  if (typeof tree !== 'object' || tree === null) return
  for (const [key, value] of Object.entries(tree)) {
    if (key === 'PLpgSQL_stmt_foreach_a') {
      const { varno = -1, expr, body } = value as Foreach
      const items = constants(expression(expr))
      if (items === undefined) yield* run(body, variables, known)
      for (const item of items ?? []) yield* run(body, variables, new Map([...known, [variables[varno] ?? '', item]]))
    } else if (key === 'PLpgSQL_stmt_dynexecute') {
      const text = textOf(expression((value as { readonly query?: PlExpression }).query), known)
      if (text !== undefined) yield* parsed(text)
    } else if (key === 'PLpgSQL_stmt_perform') {
      yield* parsed((value as { readonly expr?: PlExpression }).expr?.PLpgSQL_expr?.query ?? '')
    } else if (key === 'PLpgSQL_stmt_execsql') {
      yield* parsed((value as { readonly sqlstmt?: PlExpression }).sqlstmt?.PLpgSQL_expr?.query ?? '')
    } else yield* run(value, variables, known)
  }
}

function parsed(sql: string): Node[] {
  try {
    return (parser().parseSync(sql).stmts ?? []).flatMap(({ stmt }) => stmt ?? [])
  } catch {
    return []
  }
}

function expression(expr: PlExpression | undefined): Node | undefined {
  const [statement] = parsed(`SELECT ${expr?.PLpgSQL_expr?.query ?? ''}`)
  return asKind(asKind(statement, 'SelectStmt')?.targetList?.[0], 'ResTarget')?.val
}

/** The strings of `ARRAY['a', 'b']`; undefined if one is not a constant. */
function constants(node: Node | undefined): string[] | undefined {
  const elements = asKind(node, 'A_ArrayExpr')?.elements
  const texts = elements?.map((element) => textOf(element, new Map()))
  return texts?.every((text) => text !== undefined) ? texts : undefined
}

/** The value of an expression that builds a string; undefined if it is unknown. */
function textOf(node: Node | undefined, known: ReadonlyMap<string, string>): string | undefined {
  const cast = asKind(node, 'TypeCast')
  if (cast) return textOf(cast.arg, known)
  const column = asKind(node, 'ColumnRef')
  if (column) return known.get(textsOf(column.fields).at(-1) ?? '')
  const operation = asKind(node, 'A_Expr')
  if (operation && textsOf(operation.name).at(-1) === '||') {
    const [left, right] = [textOf(operation.lexpr, known), textOf(operation.rexpr, known)]
    return left === undefined || right === undefined ? undefined : left + right
  }
  const call = asKind(node, 'FuncCall')
  const args = call?.args?.map((argument) => textOf(argument, known))
  if (args && textsOf(call?.funcname).at(-1) === 'format') return formatted(args)
  if (args && textsOf(call?.funcname).at(-1) === 'quote_ident')
    return args[0] === undefined ? undefined : identifier(args[0])
  return asKind(node, 'A_Const')?.sval?.sval
}

/** `format` as the server does it, for %I, %L and %s in order. */
function formatted([template, ...args]: readonly (string | undefined)[]): string | undefined {
  if (template === undefined || args.includes(undefined)) return undefined
  const values = [...args]
  return template.replace(/%([ILs%])/g, (_, kind: string) => {
    if (kind === '%') return '%'
    const value = values.shift() ?? ''
    return kind === 'I' ? identifier(value) : kind === 'L' ? `'${value.replaceAll("'", "''")}'` : value
  })
}

const identifier = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
