import { shortName } from '../../sql/names.js'
import type { SchemaRule } from './rule.js'

export const definerOpenToPublic: SchemaRule = {
  name: 'definer-open-to-public',
  demand:
    'A security definer is executed by roles that were named, not by everybody, which is what a new function allows.',
  check: ({ functions }) =>
    [...functions].flatMap(([signature, { origin, isDefiner, isTrigger, publicMayExecute }]) => {
      // Nobody can call a trigger function.
      if (!isDefiner || isTrigger || !publicMayExecute) return []
      const object = shortName(signature)
      const problem = "everybody who can connect may run it with its owner's rights"
      return {
        origin,
        object,
        problem,
        remedy: `REVOKE ALL ON FUNCTION ${object} FROM PUBLIC; then grant EXECUTE to the roles that need it`,
      }
    }),
}
