import type {
  IntrospectSqlParams,
  IntrospectSqlResult,
  SqlQueryInput,
  SqlQueryOutput,
} from '@prisma/schema-engine-wasm'
import pg from 'pg'
import { withClient } from '../../connection/client.js'
import { wholeUrl } from '../../connection/hidden-urls.js'
import { parseTarget } from '../../connection/target.js'
import { PrismaError } from '../../errors/prisma-error.js'
import type { DescribedField } from '../../internals/pg.js'
import { loadNotNullColumns, loadTypeNames } from './catalog.js'
import { describeStatement } from './describe.js'
import { parseDocumentation } from './documentation.js'

/** After one of these, even a NOT NULL column can be null in the result. */
const MAY_ADD_NULLS = /\b(left|right|full)\s+(outer\s+)?join\b|\bgrouping\s+sets\b|\brollup\b|\bcube\b/i

/** `prisma generate --sql`: the types of each query's parameters and columns, as the server reports them. */
export function introspectSql({ url, queries }: IntrospectSqlParams): Promise<IntrospectSqlResult> {
  return withClient(parseTarget(wholeUrl(url, process.env)).config, async (client) => {
    const described: SqlQueryOutput[] = []
    for (const query of queries) described.push(await introspectQuery(client, query))
    return { queries: described }
  })
}

async function introspectQuery(client: pg.Client, { name, source }: SqlQueryInput): Promise<SqlQueryOutput> {
  const documentation = parseDocumentation(source)
  const { parameters, fields } = await describe(client, source)
  refuseDuplicates(fields)
  const typeName = await loadTypeNames(client, [...parameters, ...fields.map((field) => field.dataTypeID)])
  const isNotNull = await loadNotNullColumns(client, fields)
  const mayAddNulls = MAY_ADD_NULLS.test(source)
  return {
    name,
    source,
    documentation: documentation.text,
    parameters: parameters.map((oid, index) => {
      const about = documentation.parameters.get(index + 1)
      return {
        name: about?.alias ?? `_${index}`,
        typ: about?.type ?? typeName(oid),
        documentation: about?.text ?? null,
        nullable: about?.nullable ?? false,
      }
    }),
    resultColumns: fields.map((field) => ({
      name: field.name,
      typ: typeName(field.dataTypeID),
      nullable: mayAddNulls || !isNotNull(field),
    })),
  }
}

async function describe(client: pg.Client, source: string): ReturnType<typeof describeStatement> {
  try {
    return await describeStatement(client, source)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    throw new PrismaError(undefined, `ERROR: ${error.code} ${error.message}`)
  }
}

function refuseDuplicates(fields: readonly DescribedField[]): void {
  const names = fields.map((field) => field.name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new PrismaError(undefined, `Duplicate column name: ${twice}`)
}
