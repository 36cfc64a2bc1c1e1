import path from 'node:path'
import { findProjectRoot, MiyabiError } from '@miyabi/core'
import { acquireStack } from '@miyabi/local'
import { readMigrations } from '@miyabi/migrate'
import { deploy } from '@miyabi/testing'

/** Where the servers of a run are. */
export interface Servers {
  /** The application's login. */
  readonly databaseUrl: string
  /** The migrator's login, which may also empty tables. */
  readonly directDatabaseUrl: string
  /** The login that acts as the service. */
  readonly serviceDatabaseUrl: string
  readonly dynamodbEndpoint: string
  /** The application's login on standbys, where there are any. */
  readonly replicaUrls?: readonly string[]
  /** Of the servers, by name. */
  readonly versions: Readonly<Record<string, string>>
}

/** The root of the workspace: its migrations are run, and the pages are written there. */
export const workspaceRoot = findProjectRoot(import.meta.dirname) ?? path.resolve(import.meta.dirname, '../../..')

/** A temporary embedded stack of the run's own, migrated. */
export async function startServers({ replicas = 0 } = {}): Promise<Servers & AsyncDisposable> {
  const stack = await acquireStack({ temporary: true, replicas })
  try {
    const { postgres, dynamodb } = stack.descriptor
    if (!('endpoint' in dynamodb)) throw new MiyabiError('benchmarks.no_dynamodb', String(dynamodb.unavailable))
    await deploy(postgres.directDatabaseUrl, readMigrations(path.join(workspaceRoot, 'prisma/migrations')))
    return {
      databaseUrl: postgres.databaseUrl,
      directDatabaseUrl: postgres.directDatabaseUrl,
      serviceDatabaseUrl: postgres.serviceDatabaseUrl,
      dynamodbEndpoint: String(dynamodb.endpoint),
      replicaUrls: (postgres.replicas ?? []).map((replica) => String(replica.databaseUrl)),
      versions: { PostgreSQL: postgres.version, dynoxide: String(dynamodb.version) },
      [Symbol.asyncDispose]: () => stack.close(),
    }
  } catch (error) {
    await stack.close()
    throw error
  }
}
