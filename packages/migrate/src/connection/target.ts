import { encodingProblem } from '@miyabi/core'
import type pg from 'pg'
import { parseIntoClientConfig } from 'pg-connection-string'
import { PrismaError } from '../errors/prisma-error.js'

/**
 * A database that a URL names, and how to connect to it. Frozen; the certificate files that the URL names have been
 * read.
 */
export interface Target {
  readonly config: pg.ClientConfig
  /** `?schema=`, by default `public`. */
  readonly schema: string
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** The URL itself, for a process that needs one. Hidden from `util.inspect`. */
  readonly url: string
}

/** A database that a caller names: by a URL, or by a target already read from one. */
export type DatabaseLocation = string | Target

/** Prisma's own default, in seconds. 0 in the URL means no limit. */
const CONNECT_TIMEOUT_SECONDS = 5

/** Parameters of Prisma's URLs that node-postgres would send to the server, which does not recognize them. */
const PRISMA_ONLY = [
  'schema',
  'connection_limit',
  'connect_timeout',
  'pool_timeout',
  'socket_timeout',
  'pgbouncer',
  'statement_cache_size',
  'single_use_connections',
  'sslaccept',
  'sslidentity',
  'sslpassword',
]

/** `allow` and `prefer` may fall back to plain text, so they are refused, as by the application's pool. */
const TLS_MODES = ['disable', 'require', 'verify-ca', 'verify-full']

/**
 * Reads a PostgreSQL URL as Prisma writes them. `sslmode` has libpq's meaning (`require` encrypts and does not verify),
 * and `sslaccept=strict` requests verification, as with the native engine.
 * @throws {PrismaError} P1013 for anything that is not such a URL; the message never repeats it.
 */
export function parseTarget(text: string): Target {
  const url = toUrl(text)
  const schema = url.searchParams.get('schema') || 'public'
  const connectTimeout = seconds(url.searchParams.get('connect_timeout'))
  setTlsMode(url.searchParams)
  for (const name of PRISMA_ONLY) url.searchParams.delete(name)
  const parsed = toClientConfig(url)
  const user = parsed.user || 'postgres'
  const config: pg.ClientConfig = {
    ...parsed,
    user,
    host: parsed.host || 'localhost',
    port: Number(parsed.port ?? 5432),
    database: parsed.database || 'postgres',
    connectionTimeoutMillis: connectTimeout * 1000,
    application_name: parsed.application_name ?? 'prisma-schema-engine',
    options: sessionOptions(parsed.options, schema),
  }
  const { host = 'localhost', port = 5432, database = 'postgres' } = config
  return withUrl({ config, schema, host, port, database, user }, text)
}

/**
 * Reads a URL; a target already read is returned unchanged, so that no URL and no certificate is read twice.
 * @throws {PrismaError} P1013
 */
export const targetOf = (location: DatabaseLocation): Target =>
  typeof location === 'string' ? parseTarget(location) : location

/** Returns another database with the same server and login. */
export function withDatabase(target: Target, database: string): Target {
  // A URL whose host is a parameter has an empty one before the path.
  const url = target.url.replace(/^([a-z]+:\/\/[^/?#]*)(\/[^?#]*)?/, (_, server: string) => {
    return `${server}/${encodeURIComponent(database)}`
  })
  return withUrl({ ...target, database, config: { ...target.config, database } }, url)
}

function withUrl(target: Omit<Target, 'url'>, url: string): Target {
  return Object.freeze(Object.defineProperty({ ...target }, 'url', { value: url })) as Target
}

/**
 * Settings of the whole session: times in UTC (the adapter drops the offset of a timestamptz, so any other zone would
 * shift instants) and the schema of unqualified names.
 */
function sessionOptions(given: string | undefined, schema: string): string {
  const searchPath = `"${schema.replaceAll('"', '""')}"`.replace(/[\\ ]/g, '\\$&')
  return [given, '-c TimeZone=UTC', `-c search_path=${searchPath}`].filter(Boolean).join(' ')
}

function toUrl(text: string): URL {
  const problem = encodingProblem(text)
  if (problem !== undefined) throw invalid(`It ${problem}`)
  let url: URL
  try {
    // `postgresql://user@/db?host=/socket` names its host in a parameter, which takes precedence over the one passed
    // here.
    url = new URL(text.replace(/@\//, '@localhost/'))
  } catch {
    throw invalid('invalid URL')
  }
  if (!/^postgres(ql)?:$/.test(url.protocol)) {
    throw invalid('the URL must start with the protocol `postgresql://` or `postgres://`')
  }
  return url
}

function toClientConfig(url: URL): ReturnType<typeof parseIntoClientConfig> {
  try {
    return parseIntoClientConfig(url.toString())
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw invalid(code === 'ERR_INVALID_URL' ? 'invalid URL' : message)
  }
}

/** `uselibpqcompat` makes node-postgres read the modes as libpq does. */
function setTlsMode(parameters: URLSearchParams): void {
  if (parameters.get('sslaccept') === 'strict') parameters.set('sslmode', 'verify-full')
  const mode = parameters.get('sslmode')
  if (mode === null) return
  if (!TLS_MODES.includes(mode)) throw invalid(`\`sslmode\` must be one of ${TLS_MODES.join(', ')}`)
  parameters.set('uselibpqcompat', 'true')
}

function seconds(text: string | null): number {
  if (text === null) return CONNECT_TIMEOUT_SECONDS
  if (!/^\d+$/.test(text)) throw invalid('`connect_timeout` must be a whole number of seconds')
  return Number(text)
}

function invalid(reason: string): PrismaError {
  return new PrismaError(
    'P1013',
    `The provided database string is invalid. ${reason} in datasource. See https://pris.ly/d/config-url`,
  )
}
