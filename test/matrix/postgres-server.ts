import { randomBytes } from 'node:crypto'
import { startPrivateServer, testVariables } from '@miyabi/testing'
import {
  loginsAndDatabase,
  memberships,
  passwords,
  type ReplicationLogin,
  replication,
} from '../../packages/local/src/supervisor/postgres/roles.js'

export interface MatrixServer {
  /** What leads a test run there. */
  readonly env: Readonly<Record<string, string>>
  /** How a standby signs in. */
  readonly replication: ReplicationLogin
  /** Lines of postgresql.conf that a standby needs, too. */
  readonly settings: readonly string[]
  close(): Promise<void>
}

/** The superuser needs no password, all others do, as on the embedded server. */
const ACCESS = ['host all postgres 127.0.0.1/32 trust', 'host all,replication all 127.0.0.1/32 scram-sha-256', ''].join(
  '\n',
)

/** Starts PostgreSQL of any major as a server of one's own, with the three logins of the set-up guide. */
export async function startPostgres(native: string | undefined, major: number): Promise<MatrixServer> {
  const settings = ['max_connections=200', 'max_wal_size=1GB']
  const server = await startPrivateServer({
    major,
    ...(native !== undefined && { native }),
    files: { 'pg_hba.conf': ACCESS },
    settings,
  })
  const [migrator = '', application = '', service = '', replica = ''] = Array.from({ length: 4 }, () =>
    randomBytes(18).toString('hex'),
  )
  // The words of 16 and newer mean what is 15's own way.
  const words = (statement: string): string =>
    major === 15 ? statement.replace('WITH ADMIN TRUE, INHERIT FALSE, SET TRUE', 'WITH ADMIN OPTION') : statement
  const credentials = { migrator, application, service, replica }
  for (const statement of [...loginsAndDatabase, ...memberships, ...replication, ...passwords(credentials)])
    await server.run(words(statement), 'template1')
  const url = (login: string, password: string): string =>
    server.url('miyabi').replace('//postgres@', `//${login}:${password}@`)
  return {
    env: {
      [testVariables.databaseUrl]: url('miyabi_app', application),
      [testVariables.directDatabaseUrl]: url('miyabi_migrator', migrator),
      [testVariables.serviceDatabaseUrl]: url('miyabi_backend', service),
    },
    replication: { port: server.port, password: replica },
    settings,
    close: () => server.close(),
  }
}
