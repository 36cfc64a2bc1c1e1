/** What Prisma's INSERT puts into one column of one row. */
export type Cell = { readonly argument: number } | 'null' | 'DEFAULT'

/** An INSERT as Prisma writes it for `createMany`, taken apart. */
export interface PrismaInsert {
  /** With its schema, quoted. */
  readonly table: string
  /** Quoted. */
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** What stands behind the rows: ON CONFLICT, RETURNING. */
  readonly tail: string
}

const NAME = '"(?:[^"]|"")+"'
const CELL = '(?:\\$\\d+|null|DEFAULT)'
const ROW = `\\(${CELL}(?:,${CELL})*\\)`
const INSERT = new RegExp(
  `^INSERT INTO ((?:${NAME}\\.)?${NAME}) \\((${NAME}(?:,${NAME})*)\\) VALUES (${ROW}(?:, ${ROW})*)((?: ON CONFLICT DO NOTHING)?(?: RETURNING .*)?)$`,
  's',
)

/** Takes an INSERT of Prisma's apart; undefined where it is of another form. */
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

/** A column of the statement to be written, quoted, and its type, without a modifier. */
export interface Target {
  readonly column: string
  readonly type: string
  /** Whether each row has a value of its own; else all have the same. */
  readonly isOwn: boolean
}

/**
 * The statement that inserts as many rows as there are in arrays. Its parameters are the arrays of the columns with
 * values of their own, then the values of the others, all as text. The type has no modifier: a cast to varchar(3) would
 * cut what is too long, and the column refuses it.
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
