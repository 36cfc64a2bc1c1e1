import { IS_RESUMED } from '../restores/restored-store.js'

/** Number of partitions of the outbox. */
export const PARTITIONS = 16

/**
 * Renews what a relay holds, takes what is free up to its share, and releases what it has finished with. In one
 * statement, since behind a pooler there is no session to hold a lock in. A relay that finds nothing free becomes the
 * next holder of one partition of the relay that holds the most: it works there when that relay's lease has expired,
 * and is counted from now on, so that the others make room.
 *
 * $1 holder, $2 lease in ms, $3 partitions that it works on, $4 partitions to release.
 */
export const LEASE = `
  WITH released AS (
    UPDATE outbox_partitions SET holder = NULL, held_until = '1970-01-01Z'
     WHERE holder = $1 AND partition = ANY ($4::smallint[]) RETURNING partition),
  renewed AS (
    UPDATE outbox_partitions SET held_until = now() + $2 * interval '1 ms'
     WHERE holder = $1 AND partition <> ALL ($4::smallint[]) AND (partition = ANY ($3::smallint[]) OR held_until <= now())
    RETURNING partition, fence),
  share AS (
    SELECT ceil(${PARTITIONS}.0 / (count(DISTINCT holder) FILTER (WHERE holder <> $1 AND held_until > now()) + 1))::int AS most,
           count(*) FILTER (WHERE holder = $1 AND partition <> ALL ($4::smallint[]))::int AS mine
      FROM outbox_partitions),
  taken AS (
    UPDATE outbox_partitions SET holder = $1, fence = fence + 1, held_until = now() + $2 * interval '1 ms'
     WHERE partition IN (
       SELECT partition FROM outbox_partitions
        WHERE (holder IS NULL OR holder <> $1 AND held_until <= now()) AND partition <> ALL ($4::smallint[])
          AND ${IS_RESUMED}
        ORDER BY partition LIMIT greatest(0, (SELECT most - mine FROM share)) FOR UPDATE SKIP LOCKED)
    RETURNING partition, fence),
  claimed AS (
    UPDATE outbox_partitions SET holder = $1, fence = fence + 1
     WHERE (SELECT mine = 0 FROM share) AND NOT EXISTS (SELECT FROM taken) AND ${IS_RESUMED}
       AND partition = (
         SELECT p.partition FROM outbox_partitions AS p
           JOIN (SELECT holder FROM outbox_partitions WHERE holder <> $1 AND held_until > now()
                  GROUP BY holder HAVING count(*) > 1 ORDER BY count(*) DESC LIMIT 1) AS most USING (holder)
          ORDER BY p.partition DESC LIMIT 1 FOR UPDATE OF p SKIP LOCKED)
    RETURNING partition)
  SELECT share.most, held.partition, held.fence::text AS fence, (SELECT count(*) FROM claimed)::int AS claimed
    FROM share LEFT JOIN (SELECT * FROM renewed UNION ALL SELECT * FROM taken) AS held ON true`

/** Releases everything that a relay holds. $1 holder. */
export const RELEASE = `
  UPDATE outbox_partitions SET holder = NULL, held_until = '1970-01-01Z' WHERE holder = $1`

const COLUMNS = `o.partition, o.position::text AS position, o.id::text AS id, o.key, o.topic, o.version, o.payload::text AS payload,
  o.actor_kind, o.actor::text AS actor, o.attempts, (extract(epoch FROM o.created_at) * 1000)::float8 AS created_at_ms`

/**
 * The next rows of each partition above its floor without an attempt, with what a floor is moved by. Rows behind a
 * failed one of their key wait for that one.
 *
 * $1 partitions, $2 floors, $3 positions being processed, $4 keys being processed, $5 rows a partition, $6 topics that
 * are paused.
 */
export const FETCH = `
  SELECT f.partition AS of, lowest.position::text AS lowest, ${COLUMNS},
         pg_snapshot_xmin(pg_current_snapshot())::text AS xmin
    FROM unnest($1::smallint[], $2::bigint[]) AS f (partition, floor)
    LEFT JOIN LATERAL (
      SELECT l.position FROM outbox AS l
       WHERE l.partition = f.partition AND l.position > f.floor AND l.attempts = 0
       ORDER BY l.position LIMIT 1) AS lowest ON true
    LEFT JOIN LATERAL (
      SELECT o.* FROM outbox AS o
       WHERE o.partition = f.partition AND o.position > f.floor AND o.attempts = 0 AND o.due_at <= now()
         AND o.position <> ALL ($3::bigint[]) AND (o.key IS NOT NULL OR o.topic <> ALL ($6::text[]))
         AND (o.key IS NULL OR (o.key <> ALL ($4::text[]) AND NOT EXISTS (
               SELECT FROM outbox AS b WHERE b.key = o.key AND b.position < o.position AND b.attempts > 0)))
       ORDER BY o.position LIMIT $5) AS o ON true
   ORDER BY o.position`

/**
 * Rows that have failed and are due again: few, and found by a separate index. $1 partitions, $2 positions being
 * processed, $3 keys being processed, $4 rows, $5 topics that are paused.
 */
export const FETCH_FAILED = `
  SELECT ${COLUMNS} FROM outbox AS o
   WHERE o.attempts > 0 AND o.due_at <= now() AND o.partition = ANY ($1::smallint[]) AND o.position <> ALL ($2::bigint[])
     AND o.topic <> ALL ($5::text[])
     AND (o.key IS NULL OR (o.key <> ALL ($3::text[]) AND NOT EXISTS (
           SELECT FROM outbox AS b WHERE b.key = o.key AND b.position < o.position AND b.attempts > 0 AND b.due_at > now())))
   ORDER BY o.position LIMIT $4`

/**
 * Delivered rows are deleted, whichever relay holds their partition by now: they stay delivered. Returns the id of its
 * transaction, by which floors move. $1 partitions, $2 positions.
 */
export const DELETE_DONE = `
  WITH gone AS (
    DELETE FROM outbox AS o USING unnest($1::smallint[], $2::bigint[]) AS d (partition, position)
     WHERE o.partition = d.partition AND o.position = d.position)
  SELECT pg_current_xact_id()::text AS id`

const HELD = `
  held AS (
    SELECT p.partition FROM outbox_partitions AS p
      JOIN unnest($2::smallint[], $3::bigint[]) AS h (partition, fence) USING (partition, fence)
     WHERE p.holder = $1 FOR SHARE OF p)`

/**
 * Rows that will be attempted again, under the fence. $1 holder, $2 partitions held, $3 their fences, $4 partitions, $5
 * positions, $6 attempts, $7 waits in ms, $8 errors.
 */
export const POSTPONE = `
  WITH ${HELD}
  UPDATE outbox AS o SET attempts = d.attempts, due_at = now() + d.wait * interval '1 ms', last_error = d.error
    FROM unnest($4::smallint[], $5::bigint[], $6::int[], $7::float8[], $8::text[]) AS d (partition, position, attempts, wait, error)
   WHERE o.partition = d.partition AND o.position = d.position AND d.partition IN (SELECT partition FROM held)`

/** Rows that no further attempt would deliver, under the fence. $1 to $6 as above, $7 errors. */
export const BURY = `
  WITH ${HELD},
  d AS (
    SELECT * FROM unnest($4::smallint[], $5::bigint[], $6::int[], $7::text[]) AS d (partition, position, attempts, error)
     WHERE d.partition IN (SELECT partition FROM held)),
  gone AS (
    DELETE FROM outbox AS o USING d WHERE o.partition = d.partition AND o.position = d.position
    RETURNING o.*, d.attempts AS tried, d.error)
  INSERT INTO outbox_dead (partition, position, id, key, topic, version, payload, actor_kind, actor, created_at, due_at, attempts, last_error)
  SELECT partition, position, id, key, topic, version, payload, actor_kind, actor, created_at, due_at, tried, error FROM gone`

/**
 * Number of rows in partitions, up to a limit, and how long the next row without an attempt has been due: delayed rows
 * do not count, nor do those behind a failed row of their key.
 *
 * $1 partitions, $2 floors, $3 the limit.
 */
export const BACKLOG = `
  SELECT (SELECT count(*)::int FROM (SELECT FROM outbox WHERE partition = ANY ($1::smallint[]) LIMIT $3) AS counted) AS depth,
         (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - next.due_at) * 1000), 0)::float8
            FROM unnest($1::smallint[], $2::bigint[]) AS f (partition, floor)
           CROSS JOIN LATERAL (
             SELECT o.due_at FROM outbox AS o
              WHERE o.partition = f.partition AND o.position > f.floor AND o.attempts = 0 AND o.due_at <= now()
                AND (o.key IS NULL OR NOT EXISTS (
                      SELECT FROM outbox AS b WHERE b.key = o.key AND b.position < o.position AND b.attempts > 0))
              ORDER BY o.position LIMIT 1) AS next) AS lag_ms`

/** Whether there is a row that some relay could deliver now. */
export const ANYTHING_DUE = `
  SELECT EXISTS (
    SELECT FROM outbox AS o
     WHERE o.due_at <= now() AND (o.attempts > 0 OR o.key IS NULL OR NOT EXISTS (
             SELECT FROM outbox AS b WHERE b.key = o.key AND b.position < o.position AND b.attempts > 0))) AS due`
