import type { ColumnDef, Node } from '@pgsql/types'
import pg from 'pg'
import type { LintedMigration } from '../lint/rule.js'
import { names } from '../schema/apply-shape.js'
import { isOrdinary } from '../schema/conventions.js'
import type { Schema } from '../schema/facts.js'
import { relationName, shortName, textsOf } from '../sql/names.js'
import { parseSql, type Statement } from '../sql/parse.js'
import { asKind, nodesOf } from '../sql/walk.js'
import { newTables } from './open-tables.js'
import { sqlName } from './roles.js'

/** How many must be alike before the next one is created alike: two may be alike by chance. */
const ENOUGH = 3

/** A trigger as it was written, which every table with a column of this name has. */
interface CommonTrigger {
  readonly column: string
  readonly table: string
  readonly name: string
  readonly text: string
}

/** A check as it was written, which every column of this type has. */
interface CommonCheck {
  readonly type: string
  readonly column: string
  /** What follows the table and the column in its name. */
  readonly ending: string
  readonly expression: string
}

/** What the tables of a schema have in common, besides their access rules. */
export interface Alike {
  readonly triggers: readonly CommonTrigger[]
  readonly checks: readonly CommonCheck[]
  /** Most tables are described by COMMENT ON TABLE. */
  readonly isDescribed: boolean
}

/**
 * Reads from migrations what all tables with a column of the same name have (a trigger), and all columns of the same
 * type (a check): at least three, and without exception.
 * @param schema as they leave it.
 */
export function alikeIn(migrations: readonly LintedMigration[], schema: Schema): Alike {
  const tables = [...schema.tables.values()].filter(isOrdinary)
  const triggers = new Map<string, CommonTrigger & { readonly calls: string }>()
  const checks: (CommonCheck & { readonly table: string; readonly asked: string })[] = []
  const described = new Set<string>()
  for (const { script, steps } of migrations) {
    for (const { statement, node } of steps) {
      const comment = asKind(node, 'CommentStmt')
      if (comment?.objtype === 'OBJECT_TABLE') described.add(namedBy(comment.object))
      for (const trigger of droppedTriggers(node)) triggers.delete(trigger)
      if (node !== statement.node) continue // created by a DO block: its words are not those of a statement
      const made = asKind(node, 'CreateTrigStmt')
      if (made?.trigname !== undefined) {
        const table = relationName(made.relation)
        const calls = textsOf(made.funcname).join('.')
        triggers.set(`${table} ${made.trigname}`, {
          column: '',
          table,
          name: made.trigname,
          text: statement.text,
          calls,
        })
      }
      checks.push(...checksOf(script, node, schema))
    }
  }
  return {
    triggers: commonTriggers([...triggers.values()], tables),
    checks: commonChecks(checks, tables),
    isDescribed:
      described.size >= ENOUGH && tables.filter(({ name }) => described.has(name)).length * 2 >= tables.length,
  }
}

type Tables = Schema['tables'] extends ReadonlyMap<string, infer Each> ? readonly Each[] : never

/** Those whose function is called for all tables with some column, and for no other. */
function commonTriggers(
  triggers: readonly (CommonTrigger & { readonly calls: string })[],
  tables: Tables,
): CommonTrigger[] {
  return grouped(triggers, ({ calls }) => calls).flatMap((alike): CommonTrigger[] => {
    const on = new Set(alike.map(({ table }) => table))
    const first = alike[0]
    if (on.size < ENOUGH || first === undefined) return []
    const shared = [...(tables.find(({ name }) => name === first.table)?.columns ?? [])]
    const column = shared.find((each) => tables.every(({ name, columns }) => columns.has(each) === on.has(name)))
    return column === undefined ? [] : [{ ...first, column }]
  })
}

/** Those that every column of their type has. */
function commonChecks(
  checks: readonly (CommonCheck & { readonly table: string; readonly asked: string })[],
  tables: Tables,
): CommonCheck[] {
  return grouped(checks, ({ type, asked }) => `${type} ${asked}`).flatMap((alike): CommonCheck[] => {
    const [first] = alike
    if (first === undefined || alike.length < ENOUGH) return []
    const isEvery = tables.every(({ name, shape }) =>
      [...shape.columns].every(
        ([column, definition]) =>
          typeOf(definition) !== first.type || alike.some((each) => each.table === name && each.column === column),
      ),
    )
    return isEvery && alike.every(({ ending }) => ending === first.ending) ? [first] : []
  })
}

/** The checks of one column each that a statement writes, as far as they still exist. */
function checksOf(script: string, node: Node, schema: Schema) {
  const table = schema.tables.get(
    relationName(asKind(node, 'AlterTableStmt')?.relation ?? asKind(node, 'CreateStmt')?.relation),
  )
  if (!table) return []
  return [...nodesOf(node, 'Constraint')].flatMap((constraint) => {
    const { contype, conname, raw_expr, location } = constraint
    if (contype !== 'CONSTR_CHECK' || conname === undefined || location === undefined) return []
    if (!table.shape.checks.has(conname)) return []
    const columns = [...table.shape.columns].filter(([name]) => names(raw_expr, name))
    const [[column, definition] = []] = columns
    const expression = parenthesized(Buffer.from(script).subarray(location).toString())
    if (columns.length !== 1 || column === undefined || definition === undefined || expression === undefined) return []
    const beginning = `${shortName(table.name)}_${column}_`
    if (!conname.startsWith(beginning)) return []
    const asked = withName(expression, column, '?').replaceAll(/\s+/g, ' ')
    const ending = conname.slice(beginning.length)
    return [{ table: table.name, column, type: typeOf(definition), ending, expression, asked }]
  })
}

/**
 * What a script's new tables, and the columns that it adds to others, get because all others have it.
 * @param docs the comment on each table, by its name.
 */
export async function asTheOthers(
  up: readonly Statement[],
  alike: Alike,
  schema: Schema,
  docs: ReadonlyMap<string, string>,
): Promise<Statement[]> {
  const made = newTables(up).map(({ name }) => name)
  const columns = up.flatMap(({ node }): (readonly [table: string, column: ColumnDef])[] => {
    const create = asKind(node, 'CreateStmt')
    const alter = asKind(node, 'AlterTableStmt')
    const table = relationName((create ?? alter)?.relation)
    if (!made.includes(table) && !schema.tables.has(table)) return []
    const added = (alter?.cmds ?? []).flatMap((each) => {
      const command = asKind(each, 'AlterTableCmd')
      return command?.subtype === 'AT_AddColumn' && command.def ? [command.def] : []
    })
    return [...(create?.tableElts ?? []), ...added].flatMap((each) => {
      const column = asKind(each, 'ColumnDef')
      return column ? [[table, column] as const] : []
    })
  })
  const checks = columns.flatMap(([table, column]) =>
    alike.checks
      .filter(({ type }) => type === typeOf(column))
      .map(({ ending, expression, column: theirs }) => {
        const own = column.colname ?? ''
        const name = pg.escapeIdentifier(`${shortName(table)}_${own}_${ending}`.slice(0, 63))
        return `ALTER TABLE ${sqlName(table)} ADD CONSTRAINT ${name} CHECK ${withName(expression, theirs, pg.escapeIdentifier(own))}`
      }),
  )
  const triggers = columns.flatMap(([table, { colname }]) =>
    alike.triggers.filter(({ column }) => column === colname).map((trigger) => triggerFor(table, trigger)),
  )
  const comments = made.flatMap((table) => {
    const doc = docs.get(table)
    return alike.isDescribed && doc ? [`COMMENT ON TABLE ${sqlName(table)} IS ${pg.escapeLiteral(doc)}`] : []
  })
  const written = [...checks, ...triggers, ...comments].map((statement) => `${statement};\n`)
  return await parseSql(written.join(''))
}

function triggerFor(table: string, { text, name, table: theirs }: CommonTrigger): string {
  const bare = shortName(theirs)
  const own = name.includes(bare) ? name.replace(bare, shortName(table)) : name
  return text
    .replace(new RegExp(`"?${escaped(name)}"?`), () => pg.escapeIdentifier(own.slice(0, 63)))
    .replace(new RegExp(`\\bON\\s+(?:"?\\w+"?\\.)?"?${escaped(bare)}"?(?!\\w)`, 'i'), () => `ON ${sqlName(table)}`)
}

/** Replaces the name of a column in an expression, plain or quoted; not in string literals. */
const withName = (expression: string, column: string, other: string): string =>
  expression.replace(new RegExp(`'(?:[^']|'')*'|"${escaped(column)}"|\\b${escaped(column)}\\b`, 'g'), (found) =>
    found.startsWith("'") ? found : other,
  )

/** The first parenthesis of a text and its contents, up to its end. */
function parenthesized(text: string): string | undefined {
  let depth = 0
  let from = -1
  for (const { 0: token, index } of text.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]/g)) {
    if (token === '(') {
      if (depth === 0) from = index
      depth += 1
    }
    if (token === ')') depth -= 1
    if (token === ')' && depth === 0) return text.slice(from, index + 1)
  }
  return undefined
}

function droppedTriggers(node: Node): string[] {
  const drop = asKind(node, 'DropStmt')
  if (drop?.removeType !== 'OBJECT_TRIGGER') return []
  return (drop.objects ?? []).map((object) => {
    const parts = textsOf(asKind(object, 'List')?.items)
    const trigger = parts.pop() ?? ''
    return `${parts.length > 1 ? parts.join('.') : `public.${parts.join('')}`} ${trigger}`
  })
}

function namedBy(object: Node | undefined): string {
  const [name = '', schema = 'public'] = textsOf(asKind(object, 'List')?.items).toReversed()
  return `${schema}.${name}`
}

function grouped<Each>(all: readonly Each[], by: (each: Each) => string): Each[][] {
  const groups = new Map<string, Each[]>()
  for (const each of all) groups.set(by(each), [...(groups.get(by(each)) ?? []), each])
  return [...groups.values()]
}

/** The type of a column, whatever its precision. */
const typeOf = ({ typeName }: ColumnDef): string => textsOf(typeName?.names).at(-1) ?? ''

const escaped = (text: string): string => text.replaceAll(/[^\w]/g, '\\$&')
