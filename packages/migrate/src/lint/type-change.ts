import type { ColumnDef, Node, TypeName } from '@pgsql/types'
import { names } from '../schema/apply-shape.js'
import type { Schema, Table } from '../schema/facts.js'
import { qualifiedName, textsOf } from '../sql/names.js'
import { asKind } from '../sql/walk.js'

/** A type as far as it matters for storage: `varchar`, `[20]`. */
interface Stored {
  readonly name: string
  readonly limits: readonly number[]
  readonly isArray: boolean
}

/**
 * Stored values of the first are valid values of the second (`pg_cast.castmethod = 'b'`, without those of internal
 * types).
 */
const SAME_BYTES: Readonly<Record<string, readonly string[]>> = {
  varchar: ['text', 'citext'],
  text: ['varchar', 'citext'],
  citext: ['text', 'varchar'],
  cidr: ['inet'],
  xml: ['text', 'varchar'],
  int4: ['oid', 'regclass', 'regproc', 'regtype', 'regrole', 'regnamespace'],
  bit: ['varbit'],
  varbit: ['bit'],
  // Our engine's sessions are in UTC, in which both are the same instant.
  timestamp: ['timestamptz'],
  timestamptz: ['timestamp'],
}

/** Indexes of the first serve the second unchanged. */
const SAME_ORDER = new Set(['varchar text', 'text varchar'])

/** The unit of the other types' limits, by default. */
const UNLIMITED: Readonly<Record<string, number>> = { timestamp: 6, timestamptz: 6, time: 6, timetz: 6 }

/**
 * Why `ALTER COLUMN ... TYPE` writes or reads every row; undefined if it only records the new type. The reasons are
 * those of the server (`ATColumnChangeRequiresRewrite`, and the planner's support functions for lengths), and a test
 * compares them with it.
 */
export function costOfTypeChange(
  schema: Schema,
  table: Table | undefined,
  column: string,
  to: ColumnDef,
): string | undefined {
  const was = table?.shape.columns.get(column)
  if (!table || !was?.typeName || !to.typeName)
    return 'it rewrites the table and its indexes, as far as can be determined'
  const from = storedAs(schema, was.typeName)
  const steps = [...conversions(to.raw_default, column), to.typeName].map((type) => storedAs(schema, type))
  if (from === undefined || steps.some((step) => step === undefined) || !isPlain(to.raw_default, column)) return REWRITE
  let current = from
  for (const step of steps as Stored[]) {
    if (!keepsBytes(current, step)) return REWRITE
    current = step
  }
  const check = [...table.shape.checks.values()].find(({ expression, isValid }) => isValid && names(expression, column))
  if (check) return 'it reads every row to recheck a constraint of the column'
  const isIndexed = [...table.shape.indexes.values()].some((columns) => columns.includes(column))
  if (isIndexed && table.shape.isPartitioned) return 'it rebuilds the indexes of every partition'
  if (isIndexed && collation(was) !== collation(to))
    return 'it rebuilds every index of the column, for the new collation'
  if (isIndexed && from.name !== current.name && !SAME_ORDER.has(`${from.name} ${current.name}`))
    return 'it rebuilds every index of the column, for the new type'
  return undefined
}

const REWRITE = 'it rewrites the table and its indexes'

/**
 * A type and its limits; a domain is stored as its base type. Undefined for a domain that has to be checked, row by
 * row.
 */
function storedAs(schema: Schema, type: TypeName): Stored | undefined {
  const domain = schema.types.get(qualifiedName(textsOf(type.names)))
  if (domain?.kind === 'domain') return domain.isConstrained || !domain.base ? undefined : storedAs(schema, domain.base)
  const name = textsOf(type.names).at(-1) ?? ''
  const limits = (type.typmods ?? []).map((each) => asKind(each, 'A_Const')?.ival?.ival ?? 0)
  return { name: name.replace(/^(big|small)?serial.*$/, 'int4'), limits, isArray: type.arrayBounds !== undefined }
}

function keepsBytes(from: Stored, to: Stored): boolean {
  if (from.isArray || to.isArray) return JSON.stringify(from) === JSON.stringify(to)
  if (from.name !== to.name && !SAME_BYTES[from.name]?.includes(to.name)) return false
  const isTime = from.name.startsWith('timestamp') && to.name.startsWith('timestamp')
  if (from.name !== to.name && !isTime) return to.limits.length === 0
  return fits(from, to)
}

/** Whether every value within the old limits is within the new ones, and looks the same. */
function fits(from: Stored, to: Stored): boolean {
  const [was = UNLIMITED[from.name], wasScale = 0] = from.limits
  const [is = UNLIMITED[to.name], isScale = 0] = to.limits
  if (to.limits.length === 0 && from.limits.length > 0 && !['bpchar', 'bit'].includes(to.name)) return true
  switch (to.name) {
    case 'varchar':
    case 'varbit':
    case 'timestamp':
    case 'timestamptz':
    case 'time':
    case 'timetz':
      // Between the two kinds of timestamp a limit is a separate function.
      if (from.name !== to.name && to.limits.length > 0) return false
      return is === undefined || (was !== undefined && is >= was)
    case 'numeric':
      return is === undefined || (was !== undefined && is >= was && isScale === wasScale)
    default:
      return JSON.stringify(from.limits) === JSON.stringify(to.limits)
  }
}

/** `USING column` and `USING column::text` change no more than the types imply. */
function isPlain(using: Node | undefined, column: string): boolean {
  const cast = asKind(using, 'TypeCast')
  if (cast) return isPlain(cast.arg, column)
  return using === undefined || textsOf(asKind(using, 'ColumnRef')?.fields).at(-1) === column
}

/** The types through which `USING column::one::two` goes. */
function conversions(using: Node | undefined, column: string): TypeName[] {
  const cast = asKind(using, 'TypeCast')
  return cast?.typeName ? [...conversions(cast.arg, column), cast.typeName] : []
}

const collation = ({ collClause }: ColumnDef): string => textsOf(collClause?.collname).join('.')
