import { parser } from '../sql/parser.js'
import { parseBody } from '../sql/plpgsql.js'
import type { SchemaFunction } from './facts.js'

/**
 * The parsed statements of a function's body, as far as they can be read: SQL and PL/pgSQL. Dynamically built SQL is
 * not covered.
 */
export function bodyStatements({ body, language }: Pick<SchemaFunction, 'body' | 'language'>): unknown[] {
  if (typeof body !== 'string') return [body]
  if (language === 'sql') return tryParse(body)
  if (language !== 'plpgsql') return []
  return [...expressionsIn(parseBody(body))].flatMap(({ query, isExpression }) =>
    tryParse(isExpression ? `SELECT ${query}` : query),
  )
}

interface PlQuery {
  readonly query: string
  readonly isExpression: boolean
}

/** The queries and expressions in a PL/pgSQL body. */
function* expressionsIn(tree: unknown): Generator<PlQuery> {
  if (typeof tree !== 'object' || tree === null) return
  for (const [key, value] of Object.entries(tree)) {
    if (key === 'PLpgSQL_expr') {
      const { query, parseMode } = value as { readonly query: string; readonly parseMode: number }
      yield { query, isExpression: parseMode !== 0 }
    } else yield* expressionsIn(value)
  }
}

function tryParse(sql: string): unknown[] {
  try {
    return parser().parseSync(sql).stmts ?? []
  } catch {
    return []
  }
}
