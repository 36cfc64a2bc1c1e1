import type { Stack } from '@miyabi/local'
import { say } from '../terminal/output.js'

/** Which server and database are meant, without the login: `127.0.0.1:5432/miyabi`. */
export const serverName = ({ host, port, database }: Server): string =>
  `${host}:${port}${database === undefined ? '' : `/${database}`}`

interface Server {
  readonly host: string
  readonly port: number
  readonly database?: string
}

/** Says which PostgreSQL a command works on. */
export const sayPostgres = (server: Server, stack: Stack | undefined): void =>
  say(`PostgreSQL: ${stack ? 'embedded stack' : serverName(server)}`)
