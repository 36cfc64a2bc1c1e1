import type { AdapterQuery, SendQuery } from '../../internals/prisma.js'
import { OUTDATED_TYPES } from '../../transaction/attempt.js'

/**
 * The types of a table's columns as a cast names them. Of a domain it is the type below it: the column itself applies
 * its constraints, and refuses what is too long instead of cutting it. The modifier -1 is that of none: without it a
 * character is one of one letter.
 */
const TYPES = `
WITH RECURSIVE types AS (
  SELECT attname, oid, typtype, typbasetype FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_type ON oid = atttypid
  WHERE attrelid = $1::pg_catalog.regclass AND attnum > 0 AND NOT attisdropped
  UNION ALL
  SELECT attname, below.oid, below.typtype, below.typbasetype FROM types
  JOIN pg_catalog.pg_type AS below ON below.oid = types.typbasetype WHERE types.typtype = 'd'
)
SELECT attname::text, pg_catalog.format_type(oid, -1) FROM types WHERE typtype <> 'd'`

const TEXT: AdapterQuery['argTypes'][number] = { arity: 'scalar', scalarType: 'string' }

/** The types of tables' columns, which the server is asked for with the first rows that each table is given. */
export class ColumnTypes {
  readonly #known = new Map<string, ReadonlyMap<string, string>>()

  /** Those of a table, by the names of its columns. `table` is quoted. */
  async of(table: string, send: SendQuery): Promise<ReadonlyMap<string, string>> {
    const known = this.#known.get(table)
    if (known) return known
    const answer = await send({ sql: TYPES, args: [table], argTypes: [TEXT] })
    const types = new Map([answer].flat().flatMap(({ rows }) => rows as unknown as [string, string][]))
    this.#known.set(table, types)
    return types
  }

  /** Forgets a table, where a statement failed because it has been altered since; says whether it did. */
  forgetIfOutdated(table: string, error: unknown): boolean {
    const { cause } = error as { readonly cause?: { readonly originalCode?: string } }
    return OUTDATED_TYPES.has(cause?.originalCode ?? '') && this.#known.delete(table)
  }
}
