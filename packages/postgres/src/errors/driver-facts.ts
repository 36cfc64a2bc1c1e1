import { defined } from '@miyabi/core'
import { CONSTRAINT_COLUMNS } from '../schema/constraint-columns.js'
import type { Place } from './place.js'
import { keptServerFacts, type ServerError, serverFacts } from './server-facts.js'

/**
 * The facts of an error from the driver, its adapter or Prisma, in one shape. `message` may contain values and must not
 * be shown.
 */
export interface DriverFacts {
  readonly name: string
  readonly message: string
  /** The lines of its stack, without the message. */
  readonly frames: readonly string[]
  readonly sqlState: string | undefined
  readonly prismaCode: string | undefined
  readonly systemCode: string | undefined
  readonly constraint: string | undefined
  readonly table: string | undefined
  readonly columns: readonly string[] | undefined
  readonly standby: boolean
  /** Of 42501: `row` by a policy; `login` if the statement had no identity; anything else. */
  readonly denied: 'row' | 'login' | 'other'
  /** No partition of the table accepts the row. */
  readonly withoutPartition: boolean
  /** A function or trigger of the database raised it, so its message may contain a value. */
  readonly raised: boolean
  /** The database function in which it happened, and the line. */
  readonly inFunction: string | undefined
  /** The position of the mistake in the statement. */
  readonly place: Place | undefined
  /** The server's message, if it contains no value. */
  readonly words: string | undefined
  /** A name in the statement is misplaced, so the database may lack nothing. */
  readonly misnamed: boolean
  /** The type of a column that the server sent and Prisma cannot read. */
  readonly unreadableType: string | undefined
  /** The call did not fit its statement. */
  readonly misfit: boolean
  /** The call did not send the data that its COPY FROM STDIN expects, so the message may contain a value. */
  readonly withoutData: boolean
  /** The argument that Prisma found missing or invalid. */
  readonly argument: string | undefined
  /** The column of a value that Prisma could not convert to its field. */
  readonly unreadable: { readonly column: string; readonly kind: string } | undefined
}

/** The adapter's interpretation of a server error; it keeps the original code and message beside it. */
interface AdapterCause {
  readonly kind?: string
  readonly type?: unknown
  readonly originalCode?: string
  readonly originalMessage?: string
  readonly table?: string
  readonly column?: string
  readonly constraint?: { readonly fields?: readonly string[]; readonly index?: string }
}

interface Loose {
  readonly name?: unknown
  readonly message?: unknown
  readonly stack?: unknown
  readonly code?: unknown
  readonly severity?: unknown
  readonly cause?: unknown
  readonly meta?: { readonly driverAdapterError?: { readonly cause?: AdapterCause } }
}

/** Adapter kinds that represent an error without a SQLSTATE. */
const SYSTEM_CODE_OF_KIND: Readonly<Record<string, string>> = {
  DatabaseNotReachable: 'ECONNREFUSED',
  ConnectionClosed: 'ECONNRESET',
  SocketTimeout: 'ETIMEDOUT',
  TlsConnectionError: 'ERR_TLS',
}

/** Reads every shape of a database error: the driver's, the adapter's, Prisma's. */
export function driverFacts(error: unknown): DriverFacts {
  const source = (typeof error === 'object' && error !== null ? error : { message: String(error) }) as Loose
  const adapter = source.meta?.driverAdapterError?.cause ?? adapterCause(source)
  const code = text(source.code)
  const sqlState = adapter?.originalCode ?? (isOfServer(source) || isSqlState(code) ? code : undefined)
  const message = adapter?.originalMessage ?? text(source.message) ?? ''
  const kept = keptServerFacts(adapter)
  const server = kept ?? (sqlState === undefined ? {} : serverFacts(source as ServerError))
  // If the server's own fields are available, nothing is parsed from texts.
  const named = kept === undefined && sqlState?.startsWith('23') && !server.raised ? namesIn(message) : {}
  const guessed = kept === undefined ? adapter : undefined
  const constraint = server.constraint ?? guessed?.constraint?.index ?? named.constraint
  const isPrisma = text(source.name)?.startsWith('PrismaClient') ?? false
  return {
    name: /^\w{1,60}$/.exec(text(source.name) ?? '')?.[0] ?? 'Error',
    message,
    frames: framesOf(source),
    sqlState: FIVE.test(sqlState ?? '') ? sqlState : undefined,
    prismaCode: isPrismaCode(code) ? code : undefined,
    systemCode: adapter?.kind
      ? SYSTEM_CODE_OF_KIND[adapter.kind]
      : sqlState === undefined && isSystemCode(code)
        ? code
        : undefined,
    constraint,
    table: server.table ?? guessed?.table ?? named.table,
    columns:
      server.columns ??
      guessed?.constraint?.fields ??
      (guessed?.column === undefined ? named.columns : [guessed.column]) ??
      (constraint === undefined ? undefined : CONSTRAINT_COLUMNS[constraint]),
    standby: server.standby ?? false,
    denied: server.denied ?? 'other',
    withoutPartition: server.withoutPartition ?? false,
    raised: server.raised ?? false,
    inFunction: server.inFunction,
    place: server.place,
    words: server.words,
    misnamed: server.misnamed ?? false,
    unreadableType:
      adapter?.kind === 'UnsupportedNativeDataType' ? /^[\w "]{1,63}$/.exec(String(adapter.type))?.[0] : undefined,
    misfit: server.misfit ?? false,
    withoutData: server.withoutData ?? false,
    unreadable: code === 'P2023' ? unreadableIn(message) : undefined,
    argument: isPrisma ? /\b[Aa]rgument `(\w{1,63})`( is missing|:)/.exec(message)?.[1] : undefined,
  }
}

/**
 * The stack frames. The name and message come before them, may contain a value, and may be crafted to look like frames.
 */
function framesOf({ stack, name, message }: Loose): readonly string[] {
  if (typeof stack !== 'string') return []
  const head = `${name}: ${message}`
  const end = head.includes('\n') ? stack.lastIndexOf(String(message)) + String(message).length : stack.indexOf('\n')
  if (head.includes('\n') && !stack.includes(String(message))) return []
  return stack
    .slice(end)
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
}

/** If the server's fields are not available, its English message contains the names, and no value. */
function namesIn(message: string): {
  readonly constraint?: string
  readonly table?: string
  readonly columns?: string[]
} {
  const named = (what: RegExp): string | undefined => what.exec(message)?.[1]
  const constraint = named(/\bconstraint "([^"]+)"/)
  const table = named(/\b(?:relation|table) "([^"]+)"/)
  const column = named(/\bcolumn "([^"]+)"/)
  return {
    ...defined({ constraint, table }),
    ...(column === undefined ? {} : { columns: [column] }),
  }
}

/** Prisma names the column, and then quotes the value. */
function unreadableIn(message: string): DriverFacts['unreadable'] {
  const [, column, item, given = ''] = /\bcolumn '([^'[]+)(\[\d+\])?'(.*)/.exec(message) ?? []
  if (column === undefined) return undefined
  const isNull = /\bgot object: null\b/.test(given)
  return {
    column,
    kind: item ? (isNull ? 'NULL inside an array' : 'an array of other values') : "not of its field's type",
  }
}

function adapterCause(source: Loose): AdapterCause | undefined {
  return source.name === 'DriverAdapterError' && typeof source.cause === 'object' && source.cause !== null
    ? (source.cause as AdapterCause)
    : undefined
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
// The system's (ECONNREFUSED) and the TLS library's (ERR_TLS_CERT_ALTNAME_INVALID) are in capitals.
const isSystemCode = (code: string | undefined): boolean =>
  code !== undefined && /^[A-Z][A-Z_0-9]{2,59}$/.test(code) && !isSqlState(code) && !isPrismaCode(code)
const isPrismaCode = (code: string | undefined): boolean => code !== undefined && /^P[1-6]\d{3}$/.test(code)
const FIVE = /^[0-9A-Z]{5}$/
// EPIPE has five characters too, and so has P2002; a SQLSTATE starts with its class, a digit in all classes but P0
// (raised in PL/pgSQL) and MY (ours).
const isSqlState = (code: string | undefined): boolean =>
  code !== undefined && FIVE.test(code) && /^(\d|P0|XX|HV|F0|MY)/.test(code)
/** A server's error has a severity, and its code is a SQLSTATE in any form: a database may raise its own codes. */
const isOfServer = ({ code, severity }: Loose): boolean =>
  typeof code === 'string' && FIVE.test(code) && typeof severity === 'string'
