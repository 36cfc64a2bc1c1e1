import { defined } from '@miyabi/core'
import { type Place, placeOf } from './place.js'

/** What a server's error names, read from its fields, so that the language of its message does not matter. */
export interface ServerFacts {
  readonly table?: string
  readonly constraint?: string
  readonly columns?: readonly string[]
  /** The connection was to a standby. */
  readonly standby?: boolean
  /**
   * Of a refusal: by a policy, or for want of a right that the login had to have itself, because there was no identity.
   */
  readonly denied?: 'row' | 'login'
  /** No partition of the table takes the row. */
  readonly withoutPartition?: boolean
  /** RAISE in a function or trigger made it, so its message can hold anything. */
  readonly raised?: boolean
  /** The function of the database that it happened in, and its line there: `set_rating, line 4`. */
  readonly inFunction?: string
  /** Where in the statement the mistake is. */
  readonly place?: Place
  /** The server's own words, where they can name nothing but things. */
  readonly words?: string
  /** The name that the statement gives is of nothing that it may name there: the database need not lack anything. */
  readonly misnamed?: boolean
  /** The call does not fit its statement: too many parameters or too few, a text that is cut off. Nothing was done. */
  readonly misfit?: boolean
  /**
   * The call sent no data for its COPY FROM STDIN, or broke off. Its message is the caller's own, and can hold
   * anything.
   */
  readonly withoutData?: boolean
}

/** A server's error as the driver gives it, as far as it is read here. */
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
 * Unique, foreign key, restrict, exclusion: their `detail` begins with the columns. Of other errors it is a whole row.
 */
const WITH_KEY: ReadonlySet<unknown> = new Set(['23505', '23503', '23001', '23P01'])

/** The function of the server that refuses, whatever language its message is in. */
const DENIED_BY: Readonly<Record<string, 'row' | 'login'>> = { ExecWithCheckOptions: 'row', aclcheck_error: 'login' }

/**
 * The functions of the server that read what a call sends. A pooler, which says 08P01 of a connection that is lost,
 * names none.
 */
const READ_BY = /^(exec_bind_message$|pq_(get|copy)msg)/

/** Where the months of tables lie, and how they are called. */
const PARTS_SCHEMA = 'parts'
const MONTH = /^(.+?)_(?:before|\d{4}_\d{2})$/

/** The function of the server that looks for the partition of a row. */
const ROUTED_BY = 'ExecFindPartition'

/** The function of the server that finds a table named which the statement does not read, or not at this point. */
const MISNAMED_BY = 'errorMissingRTE'

/** Classes of SQLSTATE whose messages speak of the statement. Those of data (22, 23) quote it. */
const OF_STATEMENT = /^(0A|21|25|2B|34|3F|42|54|55)/

/** A message that names nothing at all, and so no value: words alone. */
const PLAIN_WORDS = /^[\p{L} ,()-]+$/u

const FACTS = Symbol('server facts')
const TEXT = Symbol('text of the statement')

/** Notes beside a server's error which text it is about. */
export function keepText(error: object, text: string): void {
  Object.defineProperty(error, TEXT, { value: text })
}

/** Reads a server's error. */
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

/** A month is spoken of as its table, and the key of a month as the table's. */
function wholeOf({ schema, table, constraint }: ServerError): Pick<ServerError, 'table' | 'constraint'> {
  const whole = schema === PARTS_SCHEMA ? MONTH.exec(String(table))?.[1] : undefined
  if (whole === undefined) return { table, constraint }
  const isOfMonth = typeof constraint === 'string' && constraint.startsWith(`${table}_`)
  return { table: whole, constraint: isOfMonth ? whole + constraint.slice(String(table).length) : constraint }
}

/** What may be shown of an error about the statement itself. */
function saidOf(error: ServerError): Pick<ServerFacts, 'place' | 'words' | 'misnamed'> {
  const { code, message, position, hint, internalPosition } = error
  const text = (error as { readonly [TEXT]?: string })[TEXT]
  const place = text === undefined ? undefined : placeOf(text, position, code)
  // Without a place the names can come out of values: 'no_such_table'::regclass.
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

/** `PL/pgSQL function set_rating(uuid) line 4 at RAISE` stands in the context, between texts that can hold values. */
function functionOf(where: unknown): Pick<ServerFacts, 'inFunction'> {
  const found = /^PL\/pgSQL function ([\w.]{1,130})(?:\([^)]*\))? line (\d+) at /.exec(String(where ?? ''))
  return found ? { inFunction: `${found[1]}, line ${found[2]}` } : {}
}

/**
 * Columns stand in front of the values: `Key (user_id, plugin_id)=(...) already exists.` Nothing behind the first `)=(`
 * is looked at, because values can hold brackets too.
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

/** Puts the facts beside what Prisma's adapter makes of the error, which drops most of them. */
export function keepServerFacts(converted: object, error: ServerError): void {
  Object.defineProperty(converted, FACTS, { value: serverFacts(error) })
}

/** The facts that were put beside it. */
export function keptServerFacts(converted: object | undefined): ServerFacts | undefined {
  return (converted as { readonly [FACTS]?: ServerFacts } | undefined)?.[FACTS]
}
