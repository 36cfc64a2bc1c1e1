import { type CallOutcome, calls } from './access.js'
import type { Asker } from './attempts.js'
import { askers, type Difference } from './matrix.js'
import { bob, idOf } from './people.js'
import { type MatrixConnection, type Outcome, runAttempts } from './run-attempts.js'

/** Who calls, and under which heading of access.ts what becomes of it stands. */
const callers = [
  [askers.user, 'user'],
  [askers.admin, 'user'],
  [askers.webUser, 'webUser'],
  [askers.strangeUser, 'stranger'],
  [askers.service, 'service'],
] as const

/** Calls every function as everybody, and answers where the outcome is not what is meant. */
export async function callDifferences(connection: MatrixConnection): Promise<Difference[]> {
  const found: Difference[] = []
  for (const [asker, heading] of callers) {
    const statements = calls.map(({ call }) => ({ table: 'plugins', sql: selecting(call, asker) }))
    const outcomes = await runAttempts(connection, asker, statements)
    calls.forEach((rule, i) => {
      const expected = rule[heading]
      const actual = outcome(outcomes[i] as Outcome)
      if (actual !== expected) found.push({ asker: asker.name, sql: rule.call, expected, found: actual })
    })
  }
  return found
}

function selecting(call: string, { userId, webUserId }: Asker): string {
  const own = userId ?? webUserId ?? idOf('alice')
  return `SELECT to_jsonb(${call.replace('{own}', own).replace('{other}', bob.id)})`
}

function outcome({ error, message = '' }: Outcome): CallOutcome | `failed: ${string}` {
  if (error === undefined) return 'works'
  if (error === '42501') return message.startsWith('permission denied') ? 'denied' : 'refused'
  if (error === '23503') return 'refused' // no such person
  return error === 'P0002' ? 'no plugin' : `failed: ${error} ${message}`
}
