import type pg from 'pg'
import type { Asker } from './attempts.js'

/** What a statement did before it was taken back. */
export interface Outcome {
  /** SQLSTATE and message where it failed. */
  readonly error?: string
  readonly message?: string
  /** Of the fixture: ids that were seen, changed, and removed. */
  readonly seen?: readonly string[]
  readonly changed?: readonly string[]
  readonly gone?: readonly string[]
  /** Number of new rows. */
  readonly added?: number
}

export interface Statement {
  /** The table to be compared before and after. */
  readonly table: string
  readonly sql: string
  readonly before?: string
}

/**
 * Runs one statement as one asker within a subtransaction, tells what became of the table by looking at it as the
 * migrator, and takes everything back. On the server, so that thousands take a second or two.
 */
const attempt = `
CREATE OR REPLACE FUNCTION pg_temp.attempt(asker jsonb, statement jsonb) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
  look   CONSTANT text := format('SELECT coalesce(jsonb_object_agg(id, ctid), ''{}'') FROM %I', statement ->> 'table');
  before jsonb;
  after  jsonb;
  seen   jsonb;
BEGIN
  BEGIN
    IF statement ? 'before' THEN
      EXECUTE statement ->> 'before';
    END IF;
    EXECUTE look INTO before;
    PERFORM set_config('miyabi.user_id', coalesce(asker ->> 'userId', ''), true),
            set_config('miyabi.web_user_id', coalesce(asker ->> 'webUserId', ''), true),
            set_config('role', CASE asker ->> 'role' WHEN 'none' THEN asker ->> 'home' ELSE asker ->> 'role' END, true);
    IF statement ->> 'sql' LIKE 'SELECT%' THEN
      EXECUTE statement ->> 'sql' INTO seen;
    ELSE
      EXECUTE statement ->> 'sql';
    END IF;
    PERFORM set_config('role', asker ->> 'home', true);
    EXECUTE look INTO after;
    RAISE EXCEPTION USING ERRCODE = 'MX000', MESSAGE = jsonb_build_object(
      'seen', coalesce(seen, '[]'),
      'gone', (SELECT coalesce(jsonb_agg(key), '[]') FROM jsonb_each(before) WHERE NOT after ? key),
      'changed', (SELECT coalesce(jsonb_agg(key), '[]') FROM jsonb_each(before) WHERE after ? key AND after -> key <> value),
      'added', (SELECT count(*) FROM jsonb_object_keys(after) AS key WHERE NOT before ? key)
    );
  EXCEPTION
    WHEN SQLSTATE 'MX000' THEN
      RETURN SQLERRM::jsonb;
    WHEN OTHERS THEN
      RETURN jsonb_build_object('error', SQLSTATE, 'message', SQLERRM);
  END;
END
$$`

/** A connection that may become any role, and the role that is the migrator on it (`none` where the login is). */
export interface MatrixConnection {
  readonly client: pg.Client
  readonly home: string
  /** Through a pooler, where only what is within a transaction comes to one session. */
  readonly isPooled?: boolean
}

/** Tries statements as one asker, in one round trip. Nothing remains of any. */
export async function runAttempts(
  connection: MatrixConnection,
  asker: Asker,
  statements: readonly Statement[],
): Promise<Outcome[]> {
  const { client, home, isPooled = false } = connection
  if (!isPooled) return attemptAll(connection, asker, statements)
  await client.query(`BEGIN; SET LOCAL ROLE ${home}`)
  try {
    return await attemptAll(connection, asker, statements)
  } finally {
    await client.query('ROLLBACK')
  }
}

async function attemptAll(
  { client, home }: MatrixConnection,
  asker: Asker,
  statements: readonly Statement[],
): Promise<Outcome[]> {
  await client.query(attempt)
  const { role, userId, webUserId } = asker
  const { rows } = await client.query<{ outcome: Outcome }>(
    `SELECT pg_temp.attempt($1, statement) AS outcome
       FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS list (statement, position) ORDER BY position`,
    [
      JSON.stringify({ role, userId, webUserId, home }),
      JSON.stringify(statements.map(({ table, sql, before }) => ({ table, sql, before }))),
    ],
  )
  return rows.map(({ outcome }) => outcome)
}
