import type { AdapterQuery, SendQuery } from '../../internals/prisma.js'
import { OUTDATED_TYPES } from '../../transaction/attempt.js'

/**
 * The types of a table's columns as named in a cast. For a domain it is the underlying type: the column itself applies
 * its constraints, and rejects values that are too long instead of truncating them. The modifier -1 means none: without
 * it, `character` would be one letter long.
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

/** Caches the types of tables' columns, which are queried with the first rows for each table. */
export class ColumnTypes {
  readonly #known = new Map<string, ReadonlyMap<string, string>>()

  /** Returns those of a table, by column name. `table` is quoted. */
  async of(table: string, send: SendQuery): Promise<ReadonlyMap<string, string>> {
    const known = this.#known.get(table)
    if (known) return known
    const answer = await send({ sql: TYPES, args: [table], argTypes: [TEXT] })
    const types = new Map([answer].flat().flatMap(({ rows }) => rows as unknown as [string, string][]))
    this.#known.set(table, types)
    return types
  }

  /** Drops a table from the cache if a statement failed because the table was altered since; returns whether it did. */
  forgetIfOutdated(table: string, error: unknown): boolean {
    const { cause } = error as { readonly cause?: { readonly originalCode?: string } }
    return OUTDATED_TYPES.has(cause?.originalCode ?? '') && this.#known.delete(table)
  }
}
