import type { Table } from '../schema/rows.js'
import { access, type CallOutcome, type Kind, type Reach } from './access.js'
import { type Asker, type Attempt, attemptsOn } from './attempts.js'
import { ada, alice, fixture, idOf, kindOf, wanda } from './people.js'
import { type MatrixConnection, type Outcome, runAttempts } from './run-attempts.js'

/** Everybody who asks. The last five have no rights to any row, in five ways. */
export const askers = {
  user: { name: 'user', role: 'miyabi_user', userId: alice.id, me: alice },
  admin: { name: 'admin', role: 'miyabi_user', userId: ada.id, me: ada },
  webUser: { name: 'web user', role: 'miyabi_web_user', webUserId: wanda.id, me: wanda },
  service: { name: 'service', role: 'miyabi_service' },
  migrator: { name: 'migrator', role: 'none' },
  strangeUser: { name: 'unknown user', role: 'miyabi_user', userId: idOf('nobody') },
  strangeWebUser: { name: 'unknown web user', role: 'miyabi_web_user', webUserId: idOf('nobody') },
  // The wrong kind of id, which is as good as none.
  userWithoutId: { name: 'user without an id', role: 'miyabi_user', webUserId: wanda.id },
  webUserWithoutId: { name: 'web user without an id', role: 'miyabi_web_user', userId: alice.id },
} as const satisfies Record<string, Asker>

type AskerName = keyof typeof askers

/** What a statement is expected to do, or did: the kinds of row it reached, or how it was refused. */
export type Verdict =
  /** Reached rows of these kinds, and no others. */
  | readonly Kind[]
  /** No right to the table or the column. */
  | 'denied'
  /** A policy refuses the new row. */
  | 'refused'
  /** A policy was asked without an identity. */
  | 'no identity'
  /** Any other failure, for which no statement of the matrix has a reason. */
  | `failed: ${string}`

export interface Difference {
  readonly asker: string
  readonly sql: string
  readonly expected: Verdict | CallOutcome
  readonly found: Verdict | CallOutcome
}

/** Columns of each table, as the server has them: one that is added cannot be forgotten. */
export type Columns = Readonly<Partial<Record<Table, readonly string[]>>>

/** Tries every statement on the given tables as everybody, and answers where the outcome is not what is meant. */
export async function differences(
  connection: MatrixConnection,
  columns: Columns,
  tables: readonly Table[],
): Promise<{ readonly tried: number; readonly differences: Difference[] }> {
  const found: Difference[] = []
  let tried = 0
  for (const name of Object.keys(askers) as AskerName[]) {
    const asker: Asker = askers[name]
    const attempts = tables.flatMap((table) => attemptsOn(table, columns[table] ?? [], asker))
    const outcomes = await runAttempts(connection, asker, attempts)
    tried += attempts.length
    attempts.forEach((attempt, i) => {
      const expected = expectation(attempt, name)
      const actual = verdict(attempt, asker, outcomes[i] as Outcome)
      if (JSON.stringify(expected) !== JSON.stringify(actual)) {
        found.push({ asker: asker.name, sql: attempt.sql, expected, found: actual })
      }
    })
  }
  return { tried, differences: found }
}

/** What access.ts says. */
function expectation({ table, verb, column, kind, isForgery }: Attempt, name: AskerName): Verdict {
  const rules = access[table]
  const allKinds = kindsOf(table, askers[name])
  if (name === 'migrator') return verb === 'insert' && kind ? [kind] : allKinds
  if (name === 'service') {
    if (rules.serviceLacks?.includes(verb)) return 'denied'
    return verb === 'insert' && kind ? [kind] : allKinds
  }
  const isWeb = askers[name].role === 'miyabi_web_user'
  const role: Reach = (isWeb ? rules.webUser : rules.user) ?? {}
  if (role[verb] === undefined) return 'denied'
  if (verb === 'update' && !rules.updateColumns?.includes(column ?? '')) return 'denied'
  if (verb === 'insert' && column !== undefined) return 'denied'
  if (name === 'userWithoutId' || name === 'webUserWithoutId') return 'no identity'
  const reach = name === 'user' || name === 'admin' || name === 'webUser' ? (rules[name]?.[verb] ?? []) : []
  if (isForgery && name === 'user') return 'refused'
  if (verb !== 'insert' || kind === undefined) return allKinds.filter((known) => reach.includes(known))
  return reach.includes(kind) ? [kind] : 'refused'
}

/** The kinds of row that the fixture has in a table, as the asker sees them. */
function kindsOf(table: Table, asker: Asker): Kind[] {
  const kinds = fixture.filter((row) => row.table === table).map((row) => kindOf(row, asker.me))
  return [...new Set(kinds)].sort()
}

function verdict(attempt: Attempt, asker: Asker, outcome: Outcome): Verdict {
  const { error, message = '' } = outcome
  if (error === '42501') return message.includes('row-level security') ? 'refused' : 'denied'
  if (error === 'MY001') return 'no identity'
  if (error !== undefined) return `failed: ${error} ${message}`
  if (attempt.verb === 'insert') return outcome.added === 1 && attempt.kind ? [attempt.kind] : 'failed: no row came'
  const reached = { select: outcome.seen, update: outcome.changed, delete: outcome.gone }[attempt.verb] ?? []
  return kindsReached(attempt.table, asker, reached)
}

/** A kind counts as reached when one of its rows was, and says so when another was not. */
function kindsReached(table: Table, asker: Asker, ids: readonly string[]): Kind[] | `failed: ${string}` {
  const rows = fixture.filter((row) => row.table === table)
  const hit = new Set(rows.filter((row) => ids.includes(row.id)).map((row) => kindOf(row, asker.me)))
  const partly = rows.find((row) => hit.has(kindOf(row, asker.me)) && !ids.includes(row.id))
  return partly ? `failed: only some rows of ${kindOf(partly, asker.me)}` : [...hit].sort()
}
