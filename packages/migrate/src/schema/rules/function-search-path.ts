import { shortName } from '../../sql/names.js'
import type { SchemaRule } from './rule.js'

/** Schemas that only a superuser can put things into. */
const SAFE = new Set(['pg_catalog', 'pg_temp'])

export const functionSearchPath: SchemaRule = {
  name: 'function-search-path',
  demand:
    'Every function has a search_path of its own, a security definer an empty one: else whoever calls it decides which tables it means.',
  check: ({ functions }) =>
    [...functions].flatMap(([signature, { origin, isDefiner, searchPath, isBound }]) => {
      if (searchPath === undefined ? isBound && !isDefiner : !isDefiner || searchPath.every((name) => SAFE.has(name))) {
        return []
      }
      const object = shortName(signature)
      const found = searchPath === undefined ? 'has no search_path of its own' : `looks into ${searchPath.join(', ')}`
      const problem = isDefiner
        ? `it runs with its owner's rights and ${found}: who can create a table or a function there can take over its owner`
        : `it ${found}: its names mean what the caller's search_path says`
      return {
        origin,
        object,
        problem,
        remedy: `ALTER FUNCTION ${object} SET search_path = '', and qualify every name in it`,
      }
    }),
}
