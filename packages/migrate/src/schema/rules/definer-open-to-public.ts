import { shortName } from '../../sql/names.js'
import type { SchemaRule } from './rule.js'

export const definerOpenToPublic: SchemaRule = {
  name: 'definer-open-to-public',
  demand: 'A security definer may be executed by named roles, not by PUBLIC, which is the default of a new function.',
  check: ({ functions }) =>
    [...functions].flatMap(([signature, { origin, isDefiner, isTrigger, publicMayExecute }]) => {
      // Trigger functions cannot be called.
      if (!isDefiner || isTrigger || !publicMayExecute) return []
      const object = shortName(signature)
      const problem = "every role that can connect may run it with its owner's rights"
      return {
        origin,
        object,
        problem,
        remedy: `REVOKE ALL ON FUNCTION ${object} FROM PUBLIC; then grant EXECUTE to the roles that need it`,
      }
    }),
}
