import type { Node } from '@pgsql/types'
import type { ClientBase } from 'pg'
import { loadParser, parser } from '../sql/parser.js'
import { asKind } from '../sql/walk.js'
import { FUNCTIONS, GRANTS, POLICIES, TABLES, VIEWS } from './catalog-queries.js'
import { emptySchema, newTable, type Policy, type PublicGrant, policyKey, type Schema } from './facts.js'

/**
 * Reads the facts that the rules use from a live database; everything that belongs to an extension or to the server is
 * omitted.
 * @param client a connection that is not in a transaction.
 */
export async function schemaOfDatabase(client: ClientBase): Promise<Schema> {
  const { parseSync } = await loadParser()
  const schema = emptySchema()
  const ask = async <Row extends object>(sql: string): Promise<Row[]> => (await client.query<Row>(sql)).rows
  // An empty search path makes the server qualify every name.
  await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = ''`)
  try {
    for (const row of await ask<TableRow>(TABLES)) {
      const { name, columns, indexes, rowSecurity, isForced, owner, partitionOf, grantees } = row
      const table = { ...newTable(name), rowSecurity, isForced, owner: owner ?? undefined }
      for (const column of columns) table.columns.add(column)
      table.shape.partitionOf = partitionOf ?? undefined
      for (const [role, held] of Object.entries(grantees)) table.grantees.set(role, new Set(held))
      for (const [index, column] of Object.entries(indexes)) table.indexes.set(index, column ?? undefined)
      schema.tables.set(name, table)
    }
    for (const { using, check, ...rest } of await ask<PolicyRow>(POLICIES)) {
      const policy = { ...rest, using: expression(using), check: expression(check) }
      schema.policies.set(policyKey(rest.table, rest.name), policy)
    }
    for (const { name, query, isInvoker } of await ask<ViewRow>(VIEWS)) {
      schema.views.set(name, { name, isInvoker, query: parseSync(query).stmts?.[0]?.stmt })
    }
    for (const { signature, sqlBody, source, searchPath, ...rest } of await ask<FunctionRow>(FUNCTIONS)) {
      schema.functions.set(signature, {
        ...rest,
        isBound: sqlBody !== null,
        body: sqlBody === null ? source : boundBody(sqlBody),
        searchPath: searchPath === null ? undefined : pathOf(searchPath),
      })
    }
    for (const grant of await ask<PublicGrant>(GRANTS)) schema.publicGrants.set(`${grant.kind} ${grant.name}`, grant)
    return schema
  } finally {
    await client.query('ROLLBACK').catch(() => {}) // a connection that broke has already reported it
  }
}

interface TableRow {
  readonly name: string
  readonly columns: readonly string[]
  readonly indexes: Readonly<Record<string, string | null>>
  readonly rowSecurity: boolean
  readonly isForced: boolean
  readonly owner: string | null
  readonly partitionOf: string | null
  readonly grantees: Readonly<Record<string, readonly string[]>>
}

interface PolicyRow {
  readonly name: string
  readonly table: string
  readonly command: Policy['command']
  readonly roles: readonly string[]
  readonly isPermissive: boolean
  readonly using: string | null
  readonly check: string | null
}

interface ViewRow {
  readonly name: string
  readonly query: string
  readonly isInvoker: boolean
}

interface FunctionRow {
  readonly signature: string
  readonly name: string
  readonly language: string
  readonly isDefiner: boolean
  readonly searchPath: string | null
  readonly sqlBody: string | null
  readonly source: string
  readonly isTrigger: boolean
  readonly publicMayExecute: boolean
}

function expression(text: string | null): Node | undefined {
  if (text === null) return undefined
  const select = asKind(parser().parseSync(`SELECT ${text}`).stmts?.[0]?.stmt, 'SelectStmt')
  return asKind(select?.targetList?.[0], 'ResTarget')?.val
}

/** A body that was parsed when the function was made: `RETURN ...` or `BEGIN ATOMIC ... END`. */
function boundBody(text: string): Node | undefined {
  const statement = parser().parseSync(`CREATE FUNCTION f() RETURNS void LANGUAGE sql ${text}`).stmts?.[0]?.stmt
  return asKind(statement, 'CreateFunctionStmt')?.sql_body
}

/** As the server stores it: `""`, `public, pg_temp`. */
const pathOf = (setting: string): string[] =>
  setting
    .split(',')
    .map((name) => name.trim().replace(/^"(.*)"$/, '$1'))
    .filter(Boolean)
