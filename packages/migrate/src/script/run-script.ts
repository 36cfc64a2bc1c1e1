import pg from 'pg'
import { readDirectives } from './directives.js'
import { PATIENT_LOCK_TIMEOUT_MS, waitsInNobodysWay } from './lock-patience.js'
import { excerpt } from './request-error.js'
import { asOneTransaction, isOneCall } from './whole.js'

/** The part of a connection that is needed here. */
interface Connection {
  query(text: string): Promise<unknown>
  getTransactionStatus(): string | null
}

/** A lock timeout of the session, from any source, raised to this; an unlimited one stays. */
const RAISE_LOCK_TIMEOUT = `SELECT set_config('lock_timeout', '${PATIENT_LOCK_TIMEOUT_MS}', false)
  FROM pg_settings WHERE name = 'lock_timeout' AND setting::int BETWEEN 1 AND ${PATIENT_LOCK_TIMEOUT_MS}`

/**
 * Applies the limits that the header of a script names to the session, and gives a script that blocks no one time to
 * wait. They last until {@link resetSession}.
 */
export async function applyLimits(connection: Connection, script: string): Promise<void> {
  const limits = Object.entries(readDirectives(script).limits)
  if (limits.length > 0) await connection.query(limits.map(([name, value]) => `SET ${name} = '${value}'`).join('; '))
  if (await waitsInNobodysWay(script)) await connection.query(RAISE_LOCK_TIMEOUT)
}

/**
 * Resets everything that a script has set for its session, and returns whether it left a transaction open, which is
 * rolled back.
 */
export async function resetSession(connection: Connection): Promise<'clean' | 'in transaction'> {
  const inTransaction = connection.getTransactionStatus() !== 'I'
  await connection.query(`${inTransaction ? 'ROLLBACK; ' : ''}RESET ROLE; RESET ALL`)
  return inTransaction ? 'in transaction' : 'clean'
}

/**
 * Runs a script, whose limits are already set, as one implicit transaction. A script that is a single call, which may
 * end a transaction itself, gets one that it cannot end.
 */
export async function queryWhole(connection: Connection, script: string): Promise<void> {
  if (!(await isOneCall(script))) return void (await connection.query(script))
  await connection.query('BEGIN')
  await connection.query(script)
  await connection.query('COMMIT')
}

/** Runs a migration as `prisma migrate deploy` does: as a whole, in one transaction, under the limits of its header. */
export async function runScript(connection: pg.Client, script: string): Promise<void> {
  await applyLimits(connection, script)
  try {
    await queryWhole(connection, await asOneTransaction(script))
  } finally {
    await resetSession(connection).catch(() => {})
  }
}

/** Why the server refused a script. */
export interface ScriptFault {
  readonly sqlstate: string | undefined
  /** The server's message without values of rows, and the lines up to the position. */
  readonly text: string
}

/** What to report about an error of a running script. */
export function scriptFault(error: unknown, script: string): ScriptFault {
  if (!(error instanceof pg.DatabaseError)) return { sqlstate: undefined, text: (error as Error).message }
  const { code, message, hint, position } = error
  // Class 22 is about a value, and quotes it.
  const words = code?.startsWith('22') ? message.replace(/: ".*"$/s, '') : message
  const place = position === undefined ? [] : [excerpt(script, Number(position))]
  return { sqlstate: code, text: [`${code}: ${words}`, ...(hint ? [`Hint: ${hint}`] : []), ...place].join('\n') }
}
