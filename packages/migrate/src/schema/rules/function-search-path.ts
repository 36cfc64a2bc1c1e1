import { shortName } from '../../sql/names.js'
import type { SchemaRule } from './rule.js'

/** Schemas that only a superuser can create objects in, and a session's own. */
const SAFE = new Set(['pg_catalog', 'pg_temp'])

export const functionSearchPath: SchemaRule = {
  name: 'function-search-path',
  demand:
    'Every function has its own search_path, a security definer `pg_catalog, pg_temp`: otherwise the caller decides which tables and types its names refer to.',
  check: ({ functions }) =>
    [...functions].flatMap(([signature, { origin, isDefiner, searchPath, isBound }]) => {
      if (searchPath === undefined ? isBound && !isDefiner : !isDefiner || isSafe(searchPath)) return []
      const object = shortName(signature)
      const found = searchPath === undefined ? 'has no search_path of its own' : `searches ${placesOf(searchPath)}`
      const problem = isDefiner
        ? `it runs with its owner's rights and ${found}: a role that can create a table, a type or a function there can take over its owner`
        : `it ${found}: its names refer to what the caller's search_path says`
      return {
        origin,
        object,
        problem,
        remedy: `ALTER FUNCTION ${object} SET search_path = pg_catalog, pg_temp, and qualify every other name in it`,
      }
    }),
}

/**
 * If pg_temp is not named, the server searches it first, for tables and types: placed last, it cannot hide another
 * object.
 */
const isSafe = (searchPath: readonly string[]): boolean =>
  searchPath.includes('pg_temp') &&
  searchPath.indexOf('pg_temp') === searchPath.length - 1 &&
  searchPath.every((name) => SAFE.has(name))

const placesOf = (searchPath: readonly string[]): string =>
  (searchPath.includes('pg_temp') ? searchPath : ['pg_temp', ...searchPath].filter(Boolean)).join(', ')
