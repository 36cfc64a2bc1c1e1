import type { Node } from '@pgsql/types'
import { textsOf } from '../sql/names.js'
import { asKind } from '../sql/walk.js'
import { EVERYBODY, MIGRATOR, type Policy, type Schema, type Table } from './facts.js'

/** Who may access the tables of a schema, and how, by what most of them do. */
export interface Conventions {
  /** The role that owns them; undefined if most do not state it, or do not agree. */
  readonly owner: string | undefined
  /** Roles that reach every row. */
  readonly services: readonly string[]
  /** Roles that reach the rows belonging to the row of `table` that the function `asked` identifies. */
  readonly persons: readonly { readonly role: string; readonly table: string; readonly asked: string }[]
}

/** Prisma's own table has no owner, policy or grant of ours, and a partition is reached through the whole table. */
export const isOrdinary = ({ name, shape }: Table): boolean =>
  !/\._prisma_migrations$/.test(name) && shape.partitionOf === undefined

/** What applies to most tables of a schema. */
export function conventionsOf(schema: Schema): Conventions {
  const tables = [...schema.tables.values()].filter(isOrdinary)
  const isMost = (count: number): boolean => count > 0 && count * 2 >= tables.length
  const owners = counted(tables.flatMap(({ owner }) => owner ?? []))
  const owner = [...owners].find(([role, count]) => role !== MIGRATOR && isMost(count))?.[0]
  const permissive = [...schema.policies.values()].filter(({ isPermissive }) => isPermissive)
  const open = permissive.filter(({ table, command, using }) => {
    const isWhole = asKind(using, 'A_Const')?.boolval?.boolval === true
    return command === 'all' && isWhole && tables.some(({ name }) => name === table)
  })
  const services = [...counted(open.flatMap(({ roles }) => roles))].flatMap(([role, count]) =>
    role !== owner && role !== MIGRATOR && role !== EVERYBODY && !owners.has(role) && isMost(count) ? [role] : [],
  )
  return { owner, services, persons: permissive.flatMap(personsOf) }
}

function counted(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** `id = (SELECT current_user_id())` on a table of users. */
function personsOf({ table, roles, using, command }: Policy): Conventions['persons'] {
  const comparison = asKind(using, 'A_Expr')
  const isOwn = textsOf(asKind(comparison?.lexpr, 'ColumnRef')?.fields).join('.') === 'id'
  const asked = calledAlone(asKind(comparison?.rexpr, 'SubLink')?.subselect)
  if (command !== 'select' || !isOwn || asked === undefined) return []
  return roles.map((role) => ({ role, table, asked }))
}

/** The function of `(SELECT f())`. */
function calledAlone(query: Node | undefined): string | undefined {
  const select = asKind(query, 'SelectStmt')
  const call = asKind(asKind(select?.targetList?.[0], 'ResTarget')?.val, 'FuncCall')
  return select?.fromClause || call?.args ? undefined : call && textsOf(call.funcname).join('.')
}
