import type { Node } from '@pgsql/types'
import { isConcurrentIndex } from '../../script/classify.js'
import { readDirectives } from '../../script/directives.js'
import { shortName, textsOf } from '../../sql/names.js'
import type { Statement } from '../../sql/parse.js'
import { asKind, nodesOf } from '../../sql/walk.js'
import { isInUse } from '../in-use.js'
import type { Complaint, LintedMigration, MigrationRule } from '../rule.js'
import { lockedTables } from '../touched-tables.js'

const SETTINGS = ['lock_timeout', 'statement_timeout'] as const

export const missingTimeouts: MigrationRule = {
  name: 'missing-timeouts',
  demand:
    'A migration that locks a table in use limits how long it may wait and how long it may run, and keeps these limits; otherwise all others wait behind it.',
  check(migration) {
    const { limits } = readDirectives(migration.script)
    // An index built concurrently may take as long as it needs.
    const isPatient = migration.statements.length === 1 && migration.statements.every(isConcurrentIndex)
    const isLimit = (name: string, value: string): boolean =>
      (isPatient && name === 'statement_timeout') || !/^\s*-?0*(\D|$)/.test(value)
    const isSet = new Map<string, boolean>(Object.entries(limits).map(([name, value]) => [name, isLimit(name, value)]))
    const complaints: Complaint[] = []
    let isTold = false // once for all statements that follow under the same limits
    for (const step of migration.steps) {
      const changes = settingsOf(step.node)
      for (const [name, value] of changes) isSet.set(name, value !== undefined && isLimit(name, value))
      if (changes.length > 0) isTold = false
      const table = lockedTables(step.node, step.before).find((name) => isInUse(migration, step, name))
      const missing = SETTINGS.filter((name) => !isSet.get(name))
      if (table === undefined || missing.length === 0 || isTold) continue
      complaints.push(complaint(migration, step.statement, shortName(table), missing))
      isTold = true
    }
    return complaints
  },
}

function complaint({ statements }: LintedMigration, statement: Statement, table: string, missing: readonly string[]) {
  const remedy =
    statements.length === 1
      ? `put \`-- @limits ${missing.map((name) => `${name}=${PROPOSED[name]}`).join(' ')}\` into the first line`
      : `start with ${missing.map((name) => `SET LOCAL ${name} = '${PROPOSED[name]}';`).join(' ')}, keep these limits until the end, and retry the deployment when one is exceeded`
  const problem = `it locks ${table} without ${missing.join(' and ')}: while it waits for a long query, every other query waits for it`
  return { statement, problem, remedy }
}

const PROPOSED: Readonly<Record<string, string>> = { lock_timeout: '5s', statement_timeout: '5min' }

/**
 * The settings that a statement sets, each with its value; undefined if it returns to the session's value, or is
 * unknown.
 */
function settingsOf(node: Node): (readonly [string, string | undefined])[] {
  const set = asKind(node, 'VariableSetStmt')
  const isAll = set?.kind === 'VAR_RESET_ALL' || asKind(node, 'DiscardStmt')?.target === 'DISCARD_ALL'
  if (isAll) return SETTINGS.map((name) => [name, undefined] as const)
  if (set?.name) return [[set.name, set.kind === 'VAR_SET_VALUE' ? textOf(set.args?.[0]) : undefined]]
  return [...nodesOf([node], 'FuncCall', ['CreateFunctionStmt'])].flatMap(({ funcname, args }) => {
    if (textsOf(funcname).at(-1) !== 'set_config') return []
    const name = asKind(args?.[0], 'A_Const')?.sval?.sval
    const value = asKind(args?.[1], 'A_Const')
    const names = name === undefined ? SETTINGS : [name] // a setting whose name is computed may be any
    return names.map((each) => [each, value && textOf(args?.[1])] as const)
  })
}

function textOf(argument: Node | undefined): string {
  const constant = asKind(argument, 'A_Const')
  return constant?.sval?.sval ?? String(constant?.ival?.ival ?? 0)
}
