import pg from 'pg'
import { MIGRATOR } from '../schema/facts.js'

/** As SQL takes it; CURRENT_USER is a word of SQL. */
export const sqlRole = (role: string): string =>
  role === MIGRATOR || /^[a-z_][a-z0-9_]*$/.test(role) ? role : pg.escapeIdentifier(role)

/** Quoted, without the schema that goes without saying. */
export function sqlName(name: string): string {
  const [schema = '', ...rest] = name.split('.')
  const table = pg.escapeIdentifier(rest.join('.'))
  return schema === 'public' ? table : `${pg.escapeIdentifier(schema)}.${table}`
}
