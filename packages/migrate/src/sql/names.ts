import type { Node, RangeVar } from '@pgsql/types'
import { asKind } from './walk.js'

/** The schema of an unqualified name in our migrations: the host runs them with this search path. */
const DEFAULT_SCHEMA = 'public'

/** The strings of a list of names: `a.b` is `['a', 'b']`. */
export const textsOf = (nodes: readonly Node[] | undefined): string[] =>
  (nodes ?? []).flatMap((node) => asKind(node, 'String')?.sval ?? [])

/** `schema.name` of a table or a view. */
export const relationName = (relation: RangeVar | undefined): string =>
  `${relation?.schemaname ?? DEFAULT_SCHEMA}.${relation?.relname ?? ''}`

/** `schema.name` of a list of names. */
export function qualifiedName(names: readonly string[]): string {
  const [name = '', schema = DEFAULT_SCHEMA] = names.toReversed()
  return `${schema}.${name}`
}

/** As a human would write it: without the default schema. */
export const shortName = (name: string): string => name.replace(new RegExp(`^${DEFAULT_SCHEMA}\\.`), '')
