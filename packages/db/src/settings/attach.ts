import {
  applicationUrlsOf,
  asTyped,
  type Environment,
  type FoundStack,
  findStack,
  resolveServers,
  type SettingFault,
  type StackDescriptor,
  stackFolder,
} from '@miyabi/core'

/** An environment in which the unset URLs are those of the embedded stack. */
export interface AttachedEnvironment {
  readonly env: Environment
  /** The variables that the stack replaces. */
  readonly attached: readonly string[]
  /** The folder of that stack. */
  readonly folder: string | undefined
  /** Variables that are unset and that nothing replaces. */
  readonly missing: readonly SettingFault[]
  /** Why the stack has no DynamoDB on this platform, and what to do; only if the stack would have to provide it. */
  readonly dynamodbUnavailable: string | undefined
}

const NO_STACK: FoundStack = { stack: undefined, distrusted: undefined }

/** An address without a listener: a client that must be built without a server never reaches a stranger's. */
const NOWHERE = 'http://127.0.0.1:1'

/**
 * Fills in DATABASE_URL, SERVICE_DATABASE_URL and DYNAMODB_ENDPOINT, if unset, from the running embedded stack. Never
 * in production, and it never starts anything. The migrator's URL stays with the stack: a running application does not
 * need it.
 */
export function attachToStack(env: Environment, cwd: string): AttachedEnvironment {
  const origins = resolveServers(env)
  const needsPostgres = origins.postgres === 'stack'
  const needsDynamo = origins.dynamodb === 'stack'
  const none = { env, attached: [], folder: undefined, missing: [], dynamodbUnavailable: undefined }
  if (!needsPostgres && !needsDynamo) return none

  const folder = stackFolder(cwd, env)
  const { stack, distrusted } = folder === undefined ? NO_STACK : findStack(folder)
  if (stack === undefined) {
    const faults = [...(needsPostgres ? [noDatabaseUrl] : []), ...(needsDynamo ? [noEndpoint] : [])]
    const missing = faults.map((fault) => ({ ...fault, expected: asTyped(fault.expected, cwd) }))
    if (distrusted === undefined) return { ...none, missing }
    return { ...none, missing: missing.map((fault) => ({ ...fault, problem: `is not set, and ${distrusted}` })) }
  }
  const values = {
    ...(needsPostgres ? applicationUrlsOf(stack, env) : {}),
    ...(needsDynamo ? { DYNAMODB_ENDPOINT: endpointOf(stack) ?? NOWHERE } : {}),
  }
  return {
    env: { ...env, ...values },
    attached: Object.keys(values),
    folder,
    missing: [],
    dynamodbUnavailable:
      needsDynamo && 'unavailable' in stack.dynamodb ? asTyped(stack.dynamodb.unavailable, cwd) : undefined,
  }
}

function endpointOf(stack: StackDescriptor): string | undefined {
  return 'endpoint' in stack.dynamodb ? stack.dynamodb.endpoint : undefined
}

const noDatabaseUrl: SettingFault = {
  name: 'DATABASE_URL',
  problem: 'is not set, and no embedded stack is running',
  expected:
    'an embedded stack, started with `pnpm db:up`, or a URL such as postgresql://miyabi_app:PASSWORD@localhost:5432/miyabi',
}

const noEndpoint: SettingFault = {
  name: 'DYNAMODB_ENDPOINT',
  problem: 'is not set, and no embedded stack is running',
  expected:
    'an embedded stack, started with `pnpm db:up`, or a URL such as http://127.0.0.1:8000 (for AWS https://dynamodb.REGION.amazonaws.com, or NODE_ENV=production)',
}
