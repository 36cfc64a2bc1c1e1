import { shortName } from '../../sql/names.js'
import type { SchemaRule } from './rule.js'

export const viewWithoutInvoker: SchemaRule = {
  name: 'view-without-invoker',
  demand:
    'A view reads its tables as the calling role (security_invoker); otherwise it returns the rows that its owner may see.',
  check: ({ views }) =>
    [...views.values()].flatMap(({ name, origin, isInvoker }) =>
      isInvoker
        ? []
        : {
            origin,
            object: shortName(name),
            problem: 'it reads its tables as its owner, bypassing the policies of the calling role',
            remedy: `ALTER VIEW ${shortName(name)} SET (security_invoker = true)`,
          },
    ),
}
