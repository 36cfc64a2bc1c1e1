/** The value that Prisma's INSERT puts into one column of one row. */
export type Cell = { readonly argument: number } | 'null' | 'DEFAULT'

/** A parsed INSERT, as Prisma writes it for `createMany`. */
export interface PrismaInsert {
  /** With its schema, quoted. */
  readonly table: string
  /** Quoted. */
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** The text after the rows: ON CONFLICT, RETURNING. */
  readonly tail: string
}

const NAME = '"(?:[^"]|"")+"'
const CELL = '(?:\\$\\d+|null|DEFAULT)'
const ROW = `\\(${CELL}(?:,${CELL})*\\)`
const INSERT = new RegExp(
  `^INSERT INTO ((?:${NAME}\\.)?${NAME}) \\((${NAME}(?:,${NAME})*)\\) VALUES (${ROW}(?:, ${ROW})*)((?: ON CONFLICT DO NOTHING)?(?: RETURNING .*)?)$`,
  's',
)

/** Parses an INSERT of Prisma; undefined if it has another form. */
export function parseInsert(sql: string): PrismaInsert | undefined {
  const [, table, columns = '', rows = '', tail = ''] = INSERT.exec(sql) ?? []
  if (table === undefined) return undefined
  const names = columns.match(new RegExp(NAME, 'g')) ?? []
  const cells = rows.split('), (').map((row) =>
    row
      .replace(/^\(|\)$/g, '')
      .split(',')
      .map(cellOf),
  )
  return cells.every((row) => row.length === names.length) ? { table, columns: names, rows: cells, tail } : undefined
}

const cellOf = (cell: string): Cell =>
  cell === 'null' || cell === 'DEFAULT' ? cell : { argument: Number(cell.slice(1)) - 1 }

/** The name of a column without its quotes. */
export const unquoted = (name: string): string => name.slice(1, -1).replaceAll('""', '"')

/** A column of the statement to write, quoted, and its type, without a modifier. */
export interface Target {
  readonly column: string
  readonly type: string
  /** Whether each row has a separate value; otherwise all have the same. */
  readonly isOwn: boolean
}

/**
 * Returns the statement that inserts all rows of the arrays. Its parameters are the arrays of the columns with separate
 * values, then the values of the others, all as text. The type has no modifier: a cast to varchar(3) would truncate a
 * long value, while the column rejects it.
 */
export function writeInsert(table: string, targets: readonly Target[], tail: string): string {
  const own = targets.filter(({ isOwn }) => isOwn)
  const shared = targets.filter(({ isOwn }) => !isOwn)
  const values = targets.map((target) =>
    target.isOwn
      ? `u.c${own.indexOf(target) + 1}::${target.type}`
      : `$${own.length + shared.indexOf(target) + 1}::text::${target.type}`,
  )
  const columns = targets.map(({ column }) => column).join()
  const arrays = own.map((_, at) => `$${at + 1}::text[]`).join()
  const names = own.map((_, at) => `c${at + 1}`).join()
  return `INSERT INTO ${table} (${columns}) SELECT ${values.join()} FROM unnest(${arrays}) AS u(${names})${tail}`
}
