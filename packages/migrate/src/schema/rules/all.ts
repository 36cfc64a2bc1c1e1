import { definerOpenToPublic } from './definer-open-to-public.js'
import { functionSearchPath } from './function-search-path.js'
import { grantToPublic } from './grant-to-public.js'
import { ownerDiffers } from './owner-differs.js'
import { ownerWithoutPolicy } from './owner-without-policy.js'
import { policyCallsPerRow } from './policy-calls-per-row.js'
import { policyRecursion } from './policy-recursion.js'
import { policyWithoutIndex } from './policy-without-index.js'
import type { SchemaRule } from './rule.js'
import { serviceWithoutAccess } from './service-without-access.js'
import { tableWithoutRls } from './table-without-rls.js'
import { viewWithoutInvoker } from './view-without-invoker.js'

/** Every rule about a schema. */
export const schemaRules: readonly SchemaRule[] = [
  tableWithoutRls,
  ownerDiffers,
  ownerWithoutPolicy,
  serviceWithoutAccess,
  policyCallsPerRow,
  policyWithoutIndex,
  policyRecursion,
  viewWithoutInvoker,
  functionSearchPath,
  definerOpenToPublic,
  grantToPublic,
]
