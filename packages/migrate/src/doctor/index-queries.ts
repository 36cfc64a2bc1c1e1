import { isMonth, isOurSchema } from '../catalog/sql.js'

const OURS = isOurSchema('n.nspname')

/** A name as SQL accepts it, without the default schema. */
const called = (namespace: string, name: string): string =>
  `CASE ${namespace} WHEN 'public' THEN quote_ident(${name}) ELSE format('%I.%I', ${namespace}, ${name}) END`

/** An index with its table. */
const INDEXES = `
  FROM pg_index AS x
  JOIN pg_class AS i ON i.oid = x.indexrelid
  JOIN pg_class AS c ON c.oid = x.indrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace`

/** A failed concurrent build leaves one behind, which every write maintains and no query uses. */
export const INVALID = `
  SELECT ${called('n.nspname', 'i.relname')} AS index, ${called('n.nspname', 'c.relname')} AS table, pg_get_indexdef(i.oid) AS definition
    ${INDEXES} WHERE NOT x.indisvalid AND ${OURS} ORDER BY 1`

/**
 * Pairs that are the same in all relevant respects, for monthly partitions with their table's; of each pair the index
 * that nothing depends on, otherwise the later one.
 */
export const DUPLICATE = `
  SELECT ${called('n.nspname', 'i.relname')} AS index, ${called('n.nspname', 'c.relname')} AS table,
         ${called('n.nspname', 'k.relname')} AS kept
    ${INDEXES}
    JOIN pg_index AS y ON y.indrelid = x.indrelid AND y.indexrelid <> x.indexrelid AND y.indisvalid
     AND (y.indkey, y.indclass, y.indcollation, y.indoption) = (x.indkey, x.indclass, x.indcollation, x.indoption)
     AND coalesce(pg_get_expr(y.indexprs, y.indrelid), '') = coalesce(pg_get_expr(x.indexprs, x.indrelid), '')
     AND coalesce(pg_get_expr(y.indpred, y.indrelid), '') = coalesce(pg_get_expr(x.indpred, x.indrelid), '')
    JOIN pg_class AS k ON k.oid = y.indexrelid AND k.relam = i.relam
   WHERE ${OURS} AND NOT ${isMonth('i')} AND x.indisvalid
     AND (x.indisunique::int, (EXISTS (SELECT FROM pg_constraint WHERE conindid = x.indexrelid))::int, -x.indexrelid::bigint)
       < (y.indisunique::int, (EXISTS (SELECT FROM pg_constraint WHERE conindid = y.indexrelid))::int, -y.indexrelid::bigint)
   ORDER BY 1`

/**
 * Foreign keys whose columns, in any order, are not the beginning of a complete index. Partitions have their parent's.
 */
export const FOREIGN_KEYS = `
  SELECT f.conname AS constraint, ${called('n.nspname', 'c.relname')} AS table, ${called('m.nspname', 'r.relname')} AS referenced,
         (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.place)
            FROM unnest(f.conkey) WITH ORDINALITY AS k (number, place)
            JOIN pg_attribute AS a ON a.attrelid = f.conrelid AND a.attnum = k.number) AS columns
    FROM pg_constraint AS f
    JOIN pg_class AS c ON c.oid = f.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_class AS r ON r.oid = f.confrelid JOIN pg_namespace AS m ON m.oid = r.relnamespace
   WHERE f.contype = 'f' AND f.conparentid = 0 AND ${OURS}
     AND NOT EXISTS (
       SELECT FROM pg_index AS x
        WHERE x.indrelid = f.conrelid AND x.indisvalid AND x.indpred IS NULL
          AND (string_to_array(x.indkey::text, ' ')::smallint[])[1:cardinality(f.conkey)] @> f.conkey)
   ORDER BY 2, 1`

/** $1: rows from which a table is checked; $2: days for which the server must have counted. */
export const UNUSED = `
  SELECT ${called('n.nspname', 'i.relname')} AS index, ${called('n.nspname', 'c.relname')} AS table,
         pg_size_pretty(pg_relation_size(i.oid)) AS size, floor(extract(epoch FROM now() - counted.since) / 86400)::int AS days
    ${INDEXES}
    JOIN pg_stat_user_indexes AS s ON s.indexrelid = x.indexrelid
    CROSS JOIN (SELECT coalesce(stats_reset, pg_postmaster_start_time()) AS since FROM pg_stat_database
                 WHERE datname = current_database()) AS counted
   WHERE s.idx_scan = 0 AND x.indisvalid AND NOT x.indisunique AND NOT x.indisreplident AND ${OURS} AND NOT ${isMonth('i')}
     AND c.reltuples >= $1 AND counted.since <= now() - make_interval(days => $2)
     AND NOT EXISTS (SELECT FROM pg_constraint AS f
                      WHERE f.conrelid = c.oid AND (f.conindid = i.oid OR f.contype = 'f' AND f.conkey[1] = x.indkey[0]))
   ORDER BY 1`
