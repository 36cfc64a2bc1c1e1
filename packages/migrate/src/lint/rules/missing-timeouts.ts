import type { Node } from '@pgsql/types'
import { readDirectives } from '../../script/directives.js'
import { shortName } from '../../sql/names.js'
import type { Statement } from '../../sql/parse.js'
import { asKind } from '../../sql/walk.js'
import type { LintedMigration, MigrationRule } from '../rule.js'
import { lockedTables } from '../touched-tables.js'

const SETTINGS = ['lock_timeout', 'statement_timeout'] as const

export const missingTimeouts: MigrationRule = {
  name: 'missing-timeouts',
  demand:
    'A migration that locks a table in use says how long it may wait and how long it may run; else everybody waits behind it.',
  check(migration) {
    const { limits } = readDirectives(migration.script)
    const isSet = new Map<string, boolean>(Object.entries(limits).map(([name, value]) => [name, isLimit(name, value)]))
    for (const { statement, node, before } of migration.steps) {
      const set = asKind(node, 'VariableSetStmt')
      if (set?.kind === 'VAR_SET_VALUE' && set.name) isSet.set(set.name, isLimit(set.name, textOf(set.args)))
      const table = lockedTables(node, before).find((name) => migration.before.tables.has(name))
      const missing = SETTINGS.filter((name) => !isSet.get(name))
      if (table === undefined || missing.length === 0) continue
      return [complaint(migration, statement, shortName(table), missing)]
    }
    return []
  },
}

function complaint({ statements }: LintedMigration, statement: Statement, table: string, missing: readonly string[]) {
  const remedy =
    statements.length === 1
      ? `put \`-- @limits ${missing.map((name) => `${name}=${PROPOSED[name]}`).join(' ')}\` into the first line`
      : `begin with ${missing.map((name) => `SET LOCAL ${name} = '${PROPOSED[name]}';`).join(' ')} and run the deployment again when it gives up`
  const problem = `it locks ${table} without ${missing.join(' and ')}: while it waits for a long query, every other query waits for it`
  return { statement, problem, remedy }
}

const PROPOSED: Readonly<Record<string, string>> = { lock_timeout: '5s', statement_timeout: '5min' }

/** Waiting for ever is no limit; running for as long as it takes may be meant, for an index that is made beside the writers. */
const isLimit = (name: string, value: string): boolean => name === 'statement_timeout' || !/^0(\D|$)/.test(value)

function textOf(args: readonly Node[] | undefined): string {
  const constant = asKind(args?.[0], 'A_Const')
  return constant?.sval?.sval ?? String(constant?.ival?.ival ?? 0)
}
