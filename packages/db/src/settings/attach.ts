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
  /** The variables that the stack stands in for. */
  readonly attached: readonly string[]
  /** The folder of that stack. */
  readonly folder: string | undefined
  /** What is unset and nothing stands in for. */
  readonly missing: readonly SettingFault[]
  /** Why the stack has no DynamoDB on this platform, and what to do; only where it is the stack's to have one. */
  readonly dynamodbUnavailable: string | undefined
}

const NO_STACK: FoundStack = { stack: undefined, distrusted: undefined }

/**
 * Where no server listens: a client that must be built although there is none to talk to never reaches a stranger's.
 */
const NOWHERE = 'http://127.0.0.1:1'

/**
 * Fills DATABASE_URL, SERVICE_DATABASE_URL and DYNAMODB_ENDPOINT in, where unset, from the stack that is up. Never in
 * production, and it never starts anything. The migrator's URL stays with the stack: a running application has no use
 * for it.
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
  problem: 'is not set, and no embedded stack is up',
  expected: '`pnpm db:up` to have started one, or a URL such as postgresql://miyabi_app:PASSWORD@localhost:5432/miyabi',
}

const noEndpoint: SettingFault = {
  name: 'DYNAMODB_ENDPOINT',
  problem: 'is not set, and no embedded stack is up',
  expected:
    '`pnpm db:up` to have started one, or a URL such as http://127.0.0.1:8000 (for AWS https://dynamodb.REGION.amazonaws.com, or NODE_ENV=production)',
}
