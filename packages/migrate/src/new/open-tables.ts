import pg from 'pg'
import { type Conventions, conventionsOf } from '../schema/conventions.js'
import { MIGRATOR, type Schema } from '../schema/facts.js'
import { relationName, textsOf } from '../sql/names.js'
import type { Statement } from '../sql/parse.js'
import { asKind, nodesOf } from '../sql/walk.js'
import { type Piece, piece } from './draft.js'
import { sqlName, sqlRole } from './roles.js'

/** A table that a script creates. */
interface NewTable {
  readonly name: string
  readonly columns: readonly string[]
  /** By column: the table that its foreign key points to. */
  readonly keys: ReadonlyMap<string, string>
  /** Columns that take their value from a sequence of their own. */
  readonly serials: readonly string[]
}

/**
 * What a new table needs so that exactly the intended roles reach it: an owner, row-level security, policies and
 * grants, for the same roles as the existing tables. What users may write is left as a comment: it is a decision for a
 * human.
 */
export function openTables(up: readonly Statement[], schema: Schema): Piece[] {
  const roles = conventionsOf(schema)
  return [...up.flatMap((each) => openSchema(each, roles)), ...newTables(up).flatMap((table) => open(table, roles))]
}

/**
 * A new schema is open only to the migrator: the owner of tables creates them in it, and the roles that reach tables
 * find them there.
 */
function openSchema({ node }: Statement, { owner, services, persons }: Conventions): Piece[] {
  const name = asKind(node, 'CreateSchemaStmt')?.schemaname
  if (name === undefined) return []
  const users = [...new Set([...services, ...persons.map(({ role }) => role)])].map(sqlRole)
  const schema = pg.escapeIdentifier(name)
  return [
    ...(owner === undefined ? [] : [piece(`GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${sqlRole(owner)}`)]),
    ...(users.length === 0 ? [] : [piece(`GRANT USAGE ON SCHEMA ${schema} TO ${users.join(', ')}`)]),
  ]
}

function open({ name, columns, keys, serials }: NewTable, roles: Conventions): Piece[] {
  const owner = sqlRole(roles.owner ?? MIGRATOR)
  const { services, persons } = roles
  const table = sqlName(name)
  const list = columns.map((column) => pg.escapeIdentifier(column)).join(', ')
  const policies = (role: string): string => role.replace(/^[^_]+_/, '')
  const purpose = `Who may do what with ${table}: only the roles named here.`
  const own = roles.owner === undefined ? [] : [`ALTER TABLE ${table} OWNER TO ${owner}`]
  const [first = '', ...others] = [
    ...own,
    `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`,
    `CREATE POLICY owner_all ON ${table} FOR ALL TO ${owner} USING (true)`,
  ]
  const pieces = [piece(first, purpose), ...others.map((text) => piece(text))]
  for (const role of services) {
    pieces.push(
      piece(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${sqlRole(role)}`),
      piece(`CREATE POLICY ${policies(role)}_all ON ${table} FOR ALL TO ${sqlRole(role)} USING (true)`),
      ...serials.map((column) =>
        piece(`GRANT USAGE ON SEQUENCE ${sqlName(`${name}_${column}_seq`)} TO ${sqlRole(role)}`),
      ),
    )
  }
  for (const { role, table: person, asked } of persons) {
    const column = [...keys].find(([, target]) => target === person)?.[0]
    if (column === undefined) continue
    const isTheirs = `${pg.escapeIdentifier(column)} = (SELECT ${asked}())`
    const prefix = policies(role)
    pieces.push(
      piece(`GRANT SELECT (${list}) ON ${table} TO ${sqlRole(role)}`),
      piece(`CREATE POLICY ${prefix}_select ON ${table} FOR SELECT TO ${sqlRole(role)} USING (${isTheirs})`),
    )
    const writing = [
      `GRANT INSERT (${list}), UPDATE (${list}), DELETE ON ${table} TO ${sqlRole(role)};`,
      `CREATE POLICY ${prefix}_insert ON ${table} FOR INSERT TO ${sqlRole(role)} WITH CHECK (${isTheirs});`,
      `CREATE POLICY ${prefix}_update ON ${table} FOR UPDATE TO ${sqlRole(role)} USING (${isTheirs});`,
      `CREATE POLICY ${prefix}_delete ON ${table} FOR DELETE TO ${sqlRole(role)} USING (${isTheirs});`,
    ]
    pieces.push(piece('', `If ${role} may also write: omit the columns that users must not change.`, ...writing))
  }
  return pieces
}

/** The tables that a script creates, without partitions, which are reached through the whole table. */
export function newTables(up: readonly Statement[]): NewTable[] {
  const keys = foreignKeys(up)
  return up.flatMap(({ node }) => {
    const create = asKind(node, 'CreateStmt')
    if (!create || create.partbound || create.relation?.relpersistence === 't') return []
    const name = relationName(create.relation)
    const columns = (create.tableElts ?? []).flatMap((each) => asKind(each, 'ColumnDef') ?? [])
    const own = keys.filter(({ table }) => table === name)
    return {
      name,
      columns: columns.flatMap(({ colname }) => colname ?? []),
      keys: new Map(own.map(({ column, target }) => [column, target] as const)),
      serials: columns.flatMap(({ colname, typeName }) =>
        colname !== undefined && /serial/.test(textsOf(typeName?.names).at(-1) ?? '') ? [colname] : [],
      ),
    }
  })
}

/** Every foreign key of one column that a script adds. */
export function foreignKeys(up: readonly Statement[]): { table: string; column: string; target: string; to: string }[] {
  return up.flatMap(({ node }) => {
    const table = relationName(asKind(node, 'AlterTableStmt')?.relation ?? asKind(node, 'CreateStmt')?.relation)
    return [...nodesOf(node, 'Constraint')].flatMap(({ contype, fk_attrs, pktable, pk_attrs }) => {
      const [column, ...more] = textsOf(fk_attrs)
      if (contype !== 'CONSTR_FOREIGN' || column === undefined || more.length > 0) return []
      return { table, column, target: relationName(pktable), to: textsOf(pk_attrs)[0] ?? 'id' }
    })
  })
}
