import { type Environment, isProduction, isSet } from '../settings/environment.js'
import type { StackDescriptor } from './descriptor.js'

/** The variables that name PostgreSQL for an application. */
export const APPLICATION_URLS: readonly string[] = ['DATABASE_URL']

/** The variables that name PostgreSQL for migrations, seeding and checks; the first that is set wins. */
export const MIGRATOR_URLS: readonly string[] = ['DIRECT_DATABASE_URL', 'DATABASE_URL']

/** The variables that name DynamoDB, the last two being AWS's own; the first that is set wins. */
export const DYNAMODB_ENDPOINTS = ['DYNAMODB_ENDPOINT', 'AWS_ENDPOINT_URL_DYNAMODB', 'AWS_ENDPOINT_URL'] as const

/**
 * Which server a process uses. `named`: the one that a variable names. `stack`: no variable is set, and outside
 * production the embedded stack is used, if one is running. `none`: no variable is set, in production; for DynamoDB
 * that means AWS.
 */
export type ServerOrigin = 'named' | 'stack' | 'none'

/** Returns where a process finds the server that any of `names` can name. */
export function originOf(env: Environment, names: readonly string[]): ServerOrigin {
  if (names.some((name) => isSet(env, name))) return 'named'
  return isProduction(env) ? 'none' : 'stack'
}

/** Where a process finds both servers. */
export interface ServerOrigins {
  readonly postgres: ServerOrigin
  readonly dynamodb: ServerOrigin
}

/** Applies the rule to both stores. `urls`: the variables that name PostgreSQL for this process. */
export function resolveServers(env: Environment, urls: readonly string[] = APPLICATION_URLS): ServerOrigins {
  return { postgres: originOf(env, urls), dynamodb: originOf(env, DYNAMODB_ENDPOINTS) }
}

/**
 * The variables that make an application use a stack's PostgreSQL: its login and the service's. The service's login is
 * set only together with the stack's own application login: the service of another server has no access to this one's
 * users. Variables that are already set stay.
 */
export function applicationUrlsOf({ postgres }: StackDescriptor, env: Environment): Readonly<Record<string, string>> {
  const { databaseUrl: DATABASE_URL, serviceDatabaseUrl: SERVICE_DATABASE_URL, replicas = [] } = postgres
  const urls: Record<string, string> = { DATABASE_URL, SERVICE_DATABASE_URL }
  if (replicas.length > 0) {
    urls['DATABASE_REPLICA_URLS'] = replicas.map(({ databaseUrl }) => databaseUrl).join(',')
    urls['SERVICE_DATABASE_REPLICA_URLS'] = replicas.map(({ serviceDatabaseUrl }) => serviceDatabaseUrl).join(',')
  }
  // The service's replicas belong to the service's own server.
  if (isSet(env, 'SERVICE_DATABASE_URL')) {
    delete urls['SERVICE_DATABASE_URL']
    delete urls['SERVICE_DATABASE_REPLICA_URLS']
  }
  return Object.fromEntries(Object.entries(urls).filter(([name]) => name === 'DATABASE_URL' || !isSet(env, name)))
}
