import type { Stack } from '@miyabi/local'
import { say } from '../terminal/output.js'

/** Returns the address of a server and its database, without the login: `127.0.0.1:5432/miyabi`. */
export const serverName = ({ host, port, database }: Server): string =>
  `${host}:${port}${database === undefined ? '' : `/${database}`}`

interface Server {
  readonly host: string
  readonly port: number
  readonly database?: string
}

/** Reports which PostgreSQL server a command uses. */
export const sayPostgres = (server: Server, stack: Stack | undefined): void =>
  say(`PostgreSQL: ${stack ? 'embedded stack' : serverName(server)}`)
