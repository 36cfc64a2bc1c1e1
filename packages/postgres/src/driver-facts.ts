/** What an error of the driver, its adapter or Prisma says, in one shape. `message` may hold values: it is not for showing. */
export interface DriverFacts {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly sqlState: string | undefined
  readonly prismaCode: string | undefined
  readonly systemCode: string | undefined
  readonly constraint: string | undefined
  readonly table: string | undefined
  readonly columns: readonly string[] | undefined
}

/** The adapter's own reading of a server's error; it keeps the original code and message beside it. */
interface AdapterCause {
  readonly kind?: string
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
  readonly constraint?: unknown
  readonly table?: unknown
  readonly column?: unknown
  readonly cause?: unknown
  readonly meta?: { readonly driverAdapterError?: { readonly cause?: AdapterCause } }
}

/** Kinds of the adapter that stand for an error without a SQLSTATE. */
const SYSTEM_CODE_OF_KIND: Readonly<Record<string, string>> = {
  DatabaseNotReachable: 'ECONNREFUSED',
  ConnectionClosed: 'ECONNRESET',
  SocketTimeout: 'ETIMEDOUT',
  TlsConnectionError: 'ERR_TLS',
}

/** Reads every shape in which a database error arrives: the driver's, the adapter's, Prisma's. */
export function driverFacts(error: unknown): DriverFacts {
  const source = (typeof error === 'object' && error !== null ? error : { message: String(error) }) as Loose
  const adapter = source.meta?.driverAdapterError?.cause ?? adapterCause(source)
  const code = text(source.code)
  const sqlState = adapter?.originalCode ?? (isSqlState(code) ? code : undefined)
  const column = adapter?.column ?? text(source.column)
  const message = adapter?.originalMessage ?? text(source.message) ?? ''
  const named = sqlState?.startsWith('23') ? namesIn(message) : {}
  const columns = adapter?.constraint?.fields ?? (column === undefined ? named.columns : [column])
  return {
    name: text(source.name) ?? 'Error',
    message,
    stack: text(source.stack),
    sqlState: isSqlState(sqlState) ? sqlState : undefined,
    prismaCode: isPrismaCode(code) ? code : undefined,
    systemCode: adapter?.kind
      ? SYSTEM_CODE_OF_KIND[adapter.kind]
      : isSqlState(code) || isPrismaCode(code)
        ? undefined
        : code,
    constraint: adapter?.constraint?.index ?? text(source.constraint) ?? named.constraint,
    table: adapter?.table ?? text(source.table) ?? named.table,
    columns,
  }
}

/** The adapter drops most names of a violated constraint; the server's English message has them, and no value. */
function namesIn(message: string): Pick<Partial<DriverFacts>, 'constraint' | 'table' | 'columns'> {
  const named = (what: RegExp): string | undefined => what.exec(message)?.[1]
  const column = named(/\bcolumn "([^"]+)"/)
  return {
    constraint: named(/\bconstraint "([^"]+)"/),
    table: named(/\b(?:relation|table) "([^"]+)"/),
    columns: column === undefined ? undefined : [column],
  }
}

function adapterCause(source: Loose): AdapterCause | undefined {
  return source.name === 'DriverAdapterError' && typeof source.cause === 'object' && source.cause !== null
    ? (source.cause as AdapterCause)
    : undefined
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const isPrismaCode = (code: string | undefined): boolean => code !== undefined && /^P[1-6]\d{3}$/.test(code)
// EPIPE has five characters too, and so has P2002; a SQLSTATE begins with its class, a digit in all but P0 (raised in PL/pgSQL).
const isSqlState = (code: string | undefined): boolean =>
  code !== undefined && /^[0-9A-Z]{5}$/.test(code) && /^(\d|P0|XX|HV|F0)/.test(code)
