import { defined } from '@miyabi/core'
import { type Place, placeOf } from './place.js'

/** The objects that a server error names, read from its fields, so that the language of its message does not matter. */
export interface ServerFacts {
  readonly table?: string
  readonly constraint?: string
  readonly columns?: readonly string[]
  /** The connection was to a standby. */
  readonly standby?: boolean
  /** The kind of a rejection: by a policy, or because the login itself lacked a privilege, there being no identity. */
  readonly denied?: 'row' | 'login'
  /** No partition of the table accepts the row. */
  readonly withoutPartition?: boolean
  /** Raised by RAISE in a function or trigger, so its message may contain anything. */
  readonly raised?: boolean
  /** The database function in which it happened, and the line in it: `set_rating, line 4`. */
  readonly inFunction?: string
  /** The position of the mistake in the statement. */
  readonly place?: Place
  /** The server's own message, if it can contain only names. */
  readonly words?: string
  /** The statement uses a name that is not valid at that position: the database may lack nothing. */
  readonly misnamed?: boolean
  /** The call does not fit its statement: too many parameters or too few, a truncated text. Nothing was done. */
  readonly misfit?: boolean
  /**
   * The call sent no data for its COPY FROM STDIN, or aborted it. The message comes from the caller and may contain
   * anything.
   */
  readonly withoutData?: boolean
}

/** A server error as the driver returns it, with the fields that are read here. */
export interface ServerError {
  readonly code?: unknown
  readonly schema?: unknown
  readonly table?: unknown
  readonly constraint?: unknown
  readonly column?: unknown
  readonly detail?: unknown
  readonly message?: unknown
  readonly hint?: unknown
  readonly where?: unknown
  readonly position?: unknown
  readonly internalPosition?: unknown
  readonly routine?: unknown
  readonly standby?: unknown
  readonly inScope?: unknown
}

/**
 * Unique, foreign key, restrict, exclusion: their `detail` starts with the columns. For other errors it is a whole row.
 */
const WITH_KEY: ReadonlySet<unknown> = new Set(['23505', '23503', '23001', '23P01'])

/** The server function that rejects the statement, whatever the language of its message. */
const DENIED_BY: Readonly<Record<string, 'row' | 'login'>> = { ExecWithCheckOptions: 'row', aclcheck_error: 'login' }

/**
 * The server functions that parse what a call sends. A pooler, which reports a lost connection as 08P01, names none.
 */
const READ_BY = /^(exec_bind_message$|pq_(get|copy)msg)/

/** The schema and naming pattern of monthly partitions. */
const PARTS_SCHEMA = 'parts'
const MONTH = /^(.+?)_(?:before|\d{4}_\d{2})$/

/** The server function that searches for the partition of a row. */
const ROUTED_BY = 'ExecFindPartition'

/** The server function that reports a table that the statement does not read, or not at this point. */
const MISNAMED_BY = 'errorMissingRTE'

/** SQLSTATE classes whose messages are about the statement. Those about data (22, 23) quote it. */
const OF_STATEMENT = /^(0A|21|25|2B|34|3F|42|54|55)/

/** A message that consists of words only, and so contains neither a name nor a value. */
const PLAIN_WORDS = /^[\p{L} ,()-]+$/u

const FACTS = Symbol('server facts')
const TEXT = Symbol('text of the statement')

/** Records which text a server error is about. */
export function keepText(error: object, text: string): void {
  Object.defineProperty(error, TEXT, { value: text })
}

/** Reads a server error. */
export function serverFacts(error: ServerError): ServerFacts {
  const { column } = error
  const { table, constraint } = wholeOf(error)
  const denied = DENIED_BY[String(error.routine)]
  const raised = error.routine === 'exec_stmt_raise'
  const columns =
    typeof column === 'string' ? [column] : raised || !WITH_KEY.has(error.code) ? undefined : keyColumns(error.detail)
  return {
    ...(typeof table === 'string' ? { table } : {}),
    ...(typeof constraint === 'string' ? { constraint } : {}),
    ...defined({ columns }),
    ...(error.standby === true ? { standby: true } : {}),
    ...(denied && !(denied === 'login' && error.inScope) ? { denied } : {}),
    ...(raised ? { raised } : saidOf(error)),
    ...(error.code === '23514' && error.routine === ROUTED_BY ? { withoutPartition: true } : {}),
    ...functionOf(error.where),
    ...(error.code === '57014' && error.routine === 'CopyGetData' ? { withoutData: true } : {}),
    ...(error.code === '08P01' && READ_BY.test(String(error.routine)) ? { misfit: true } : {}),
  }
}

/** A monthly partition is reported as its table, and the partition's key as the table's. */
function wholeOf({ schema, table, constraint }: ServerError): Pick<ServerError, 'table' | 'constraint'> {
  const whole = schema === PARTS_SCHEMA ? MONTH.exec(String(table))?.[1] : undefined
  if (whole === undefined) return { table, constraint }
  const isOfMonth = typeof constraint === 'string' && constraint.startsWith(`${table}_`)
  return { table: whole, constraint: isOfMonth ? whole + constraint.slice(String(table).length) : constraint }
}

/** The parts of an error about the statement itself that may be shown. */
function saidOf(error: ServerError): Pick<ServerFacts, 'place' | 'words' | 'misnamed'> {
  const { code, message, position, hint, internalPosition } = error
  const text = (error as { readonly [TEXT]?: string })[TEXT]
  const place = text === undefined ? undefined : placeOf(text, position, code)
  // Without a position, the names may come from values: 'no_such_table'::regclass.
  const isOfText = place?.near !== undefined && internalPosition === undefined
  const isShown =
    typeof message === 'string' &&
    OF_STATEMENT.test(String(code)) &&
    (isOfText || (PLAIN_WORDS.test(message) && !/does not exist/.test(message)))
  const hinted = isOfText && typeof hint === 'string' ? `${message}. ${hint}` : String(message)
  return {
    ...defined({ place }),
    ...(isShown ? { words: hinted } : {}),
    ...(error.routine === MISNAMED_BY ? { misnamed: true } : {}),
  }
}

/** `PL/pgSQL function set_rating(uuid) line 4 at RAISE` is in the context, between texts that may contain values. */
function functionOf(where: unknown): Pick<ServerFacts, 'inFunction'> {
  const found = /^PL\/pgSQL function ([\w.]{1,130})(?:\([^)]*\))? line (\d+) at /.exec(String(where ?? ''))
  return found ? { inFunction: `${found[1]}, line ${found[2]}` } : {}
}

/**
 * Columns come before the values: `Key (user_id, plugin_id)=(...) already exists.` Nothing after the first `)=(` is
 * read, because values may contain brackets too.
 */
function keyColumns(detail: unknown): readonly string[] | undefined {
  if (typeof detail !== 'string') return undefined
  const end = detail.indexOf(')=(')
  const start = detail.indexOf('(')
  if (end < 0 || start > end) return undefined
  const unquoted = (name: string): string => name.replace(/^"(.*)"$/, '$1').replaceAll('""', '"')
  return detail
    .slice(start + 1, end)
    .split(', ')
    .map(unquoted)
}

/** Attaches the facts to the error that Prisma's adapter creates from it, which drops most of them. */
export function keepServerFacts(converted: object, error: ServerError): void {
  Object.defineProperty(converted, FACTS, { value: serverFacts(error) })
}

/** The attached facts. */
export function keptServerFacts(converted: object | undefined): ServerFacts | undefined {
  return (converted as { readonly [FACTS]?: ServerFacts } | undefined)?.[FACTS]
}
