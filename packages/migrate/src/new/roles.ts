import pg from 'pg'
import { MIGRATOR } from '../schema/facts.js'

/** As SQL accepts it; CURRENT_USER is an SQL keyword. */
export const sqlRole = (role: string): string =>
  role === MIGRATOR || /^[a-z_][a-z0-9_]*$/.test(role) ? role : pg.escapeIdentifier(role)

/** Quoted, without the default schema. */
export function sqlName(name: string): string {
  const [schema = '', ...rest] = name.split('.')
  const table = pg.escapeIdentifier(rest.join('.'))
  return schema === 'public' ? table : `${pg.escapeIdentifier(schema)}.${table}`
}
