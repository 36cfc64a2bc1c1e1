import { type Environment, isProduction, isSet } from '../settings/environment.js'
import type { StackDescriptor } from './descriptor.js'

/** The variables that name PostgreSQL to an application. */
export const APPLICATION_URLS: readonly string[] = ['DATABASE_URL']

/** The variables that name PostgreSQL to whoever migrates, seeds or checks it; the first that is set wins. */
export const MIGRATOR_URLS: readonly string[] = ['DIRECT_DATABASE_URL', 'DATABASE_URL']

/** The variables that name DynamoDB, the last two being AWS's own; the first that is set wins. */
export const DYNAMODB_ENDPOINTS = ['DYNAMODB_ENDPOINT', 'AWS_ENDPOINT_URL_DYNAMODB', 'AWS_ENDPOINT_URL'] as const

/**
 * Which server a process talks to. `named`: the one that a variable names. `stack`: none does, and outside production
 * the embedded stack stands in, if one is up. `none`: none does, in production; for DynamoDB that means AWS.
 */
export type ServerOrigin = 'named' | 'stack' | 'none'

/** Where a process finds the server that any of `names` would name. */
export function originOf(env: Environment, names: readonly string[]): ServerOrigin {
  if (names.some((name) => isSet(env, name))) return 'named'
  return isProduction(env) ? 'none' : 'stack'
}

/** Where a process finds both servers. */
export interface ServerOrigins {
  readonly postgres: ServerOrigin
  readonly dynamodb: ServerOrigin
}

/** The rule for both stores. `urls`: the variables that name PostgreSQL to this process. */
export function resolveServers(env: Environment, urls: readonly string[] = APPLICATION_URLS): ServerOrigins {
  return { postgres: originOf(env, urls), dynamodb: originOf(env, DYNAMODB_ENDPOINTS) }
}

/**
 * The variables by which a stack's PostgreSQL stands in for an application's: its login and the service's. Of the
 * service's only beside the stack's own application: the service of another server knows nothing of this one's people.
 * What somebody set stays.
 */
export function applicationUrlsOf({ postgres }: StackDescriptor, env: Environment): Readonly<Record<string, string>> {
  const { databaseUrl: DATABASE_URL, serviceDatabaseUrl: SERVICE_DATABASE_URL, replicas = [] } = postgres
  const urls: Record<string, string> = { DATABASE_URL, SERVICE_DATABASE_URL }
  if (replicas.length > 0) {
    urls['DATABASE_REPLICA_URLS'] = replicas.map(({ databaseUrl }) => databaseUrl).join(',')
    urls['SERVICE_DATABASE_REPLICA_URLS'] = replicas.map(({ serviceDatabaseUrl }) => serviceDatabaseUrl).join(',')
  }
  // The service's replicas are those of the service's own server.
  if (isSet(env, 'SERVICE_DATABASE_URL')) {
    delete urls['SERVICE_DATABASE_URL']
    delete urls['SERVICE_DATABASE_REPLICA_URLS']
  }
  return Object.fromEntries(Object.entries(urls).filter(([name]) => name === 'DATABASE_URL' || !isSet(env, name)))
}
