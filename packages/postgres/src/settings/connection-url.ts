import type { ConnectionOptions } from 'node:tls'
import { defined } from '@miyabi/core'
import { type TlsMode, type TlsParameters, tlsMode, tlsOptions, tlsProblem } from './tls.js'

/**
 * The server, database and login of a connection URL. Frozen. The password and the TLS keys are hidden from
 * `util.inspect`.
 */
export interface ConnectionTarget {
  /** The server, database and login in words, for messages: no password. */
  readonly server: string
  /** The variable that the URL came from, for messages. */
  readonly variable: string
  /** Whether the server is on this machine, judging by its name. */
  readonly isLocal: boolean
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** Absent if the server requires none, or a client certificate. */
  readonly password?: string
  /** The schema that unqualified names resolve to; the server's search_path if absent. */
  readonly schema?: string
  readonly tlsMode: TlsMode
  readonly ssl: ConnectionOptions | false
}

const UNDERSTOOD = ['schema', 'host', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey']

/**
 * Parameters that other clients read from the URL, and their replacements here. Ignoring them would silently change
 * behavior.
 */
const INSTEAD: Readonly<Record<string, string>> = {
  connection_limit: 'set DB_MAX_CONNECTIONS instead',
  pool_timeout: 'set DB_ACQUIRE_TIMEOUT instead',
  connect_timeout: 'set DB_CONNECT_TIMEOUT instead',
  socket_timeout: 'set DB_STATEMENT_TIMEOUT instead',
  statement_timeout: 'set DB_STATEMENT_TIMEOUT instead',
  lock_timeout: 'set DB_LOCK_TIMEOUT instead',
  idle_in_transaction_session_timeout: 'set DB_IDLE_IN_TRANSACTION_TIMEOUT instead',
  max_idle_connection_lifetime: 'set DB_IDLE_TIMEOUT instead',
  max_connection_lifetime: 'set DB_MAX_LIFETIME instead',
  application_name: 'set DB_APPLICATION_NAME instead',
  options: 'set it on the role instead (ALTER ROLE ... SET ...)',
  pgbouncer: 'set DB_POOLER=transaction instead',
  statement_cache_size: 'remove it; the number of prepared statements is already limited',
  ssl: 'use sslmode (disable, require, verify-ca or verify-full)',
  channel_binding: "use sslmode=verify-full, which verifies the server's identity",
  sslaccept: 'use sslmode (require, verify-ca or verify-full)',
  sslidentity: 'use sslcert and sslkey, as PEM files',
  sslpassword: 'use an sslkey without a passphrase',
}

/**
 * Returns what is wrong with a PostgreSQL URL, in words that repeat neither a password nor the whole URL; undefined if
 * nothing is.
 */
export function connectionUrlProblem(url: URL): string | undefined {
  const problems: string[] = []
  if (url.username === '') problems.push('has no user')
  if (url.pathname.length < 2) problems.push('has no database')
  if (![url.username, url.password, url.pathname].every(decodes)) {
    problems.push('has a % that does not start a percent-encoding (write a literal % as %25)')
  }
  for (const name of new Set(url.searchParams.keys())) {
    if (INSTEAD[name]) problems.push(`has the parameter ${name}, which is not supported: ${INSTEAD[name]}`)
    else if (!UNDERSTOOD.includes(name)) problems.push(`has an unknown parameter ${JSON.stringify(name.slice(0, 40))}`)
  }
  const tls = tlsProblem(tlsParameters(url))
  if (tls !== undefined) problems.push(tls)
  const schema = url.searchParams.get('schema')
  if (schema !== null && !/^[a-z_][a-z0-9_$]{0,62}$/i.test(schema)) {
    problems.push('has a schema that is not a plain identifier')
  }
  const socket = url.searchParams.get('host')
  if (socket !== null && !socket.startsWith('/')) {
    problems.push('has a host parameter that is not the absolute path of a socket folder')
  }
  return problems.length === 0 ? undefined : problems.join(', and ')
}

/**
 * Parses a URL in which `connectionUrlProblem` found no problem. Reads the certificate files it names.
 * @param variable the variable that it comes from.
 * @throws {Error} if such a file cannot be read.
 */
export function parseConnectionUrl(text: string, variable = 'DATABASE_URL'): ConnectionTarget {
  const url = new URL(text)
  const parameter = (name: string): string | undefined => url.searchParams.get(name) ?? undefined
  const schema = parameter('schema')
  const socket = parameter('host')
  const tls = tlsParameters(url)
  // An IPv6 address is in brackets.
  const host = socket ?? decodeURIComponent(url.hostname.replace(/^\[(.*)\]$/, '$1'))
  const port = url.port === '' ? 5432 : Number(url.port)
  const database = decodeURIComponent(url.pathname.slice(1))
  const user = decodeURIComponent(url.username)
  const shown = {
    host,
    port,
    database,
    user,
    variable,
    server: `server ${host}:${port}; database ${database}; user ${user}`,
    isLocal: /^(localhost|127\..*|::1|\/.*)$/.test(host),
    ...defined({ schema }),
    tlsMode: tlsMode(tls),
  }
  const hidden = {
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ssl: socket === undefined && tlsOptions(tls), // a local socket has no TLS, whatever the mode; the same as in libpq
  }
  for (const [name, value] of Object.entries(hidden)) Object.defineProperty(shown, name, { value })
  return Object.freeze(shown) as typeof shown & typeof hidden
}

function tlsParameters(url: URL): TlsParameters {
  const parameter = (name: string): string | undefined => url.searchParams.get(name) ?? undefined
  return {
    sslmode: parameter('sslmode'),
    sslrootcert: parameter('sslrootcert'),
    sslcert: parameter('sslcert'),
    sslkey: parameter('sslkey'),
  }
}

function decodes(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
