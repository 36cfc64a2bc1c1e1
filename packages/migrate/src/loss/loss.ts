/** What rolling back destroys: a whole table, rows of it, or the values of a column. */
export interface Loss {
  /** As `users`, or `audit.entries` if it is not in the schema `public`. */
  readonly table: string
  /** Undefined if whole rows are lost. */
  readonly column?: string
  /** Rows that are lost, or that lose a value. */
  readonly rows: number
  /** Values that are not null among them. For rows: of all columns. */
  readonly values: number
}

/** As a header comment names it: `drafts`, `users.nickname`. */
export const lossName = ({ table, column }: Pick<Loss, 'table' | 'column'>): string =>
  column === undefined ? table : `${table}.${column}`

/** Whether a loss is among those that a script declares: by its own name, or by that of the whole table. */
export const isDeclared = (loss: Loss, declared: readonly string[]): boolean =>
  declared.includes(lossName(loss)) || declared.includes(loss.table)

/** `users.nickname: 12 values`, `drafts: 3 rows with 15 values`. */
export function describeLoss(loss: Loss): string {
  const values = `${loss.values} value${loss.values === 1 ? '' : 's'}`
  const rows = `${loss.rows} row${loss.rows === 1 ? '' : 's'}`
  return loss.column === undefined ? `${loss.table}: ${rows} with ${values}` : `${lossName(loss)}: ${values}`
}
