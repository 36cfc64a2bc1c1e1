import type { Row } from './row-readers.js'

/** Equal for rows with equal values in some columns. */
export type Key = string | number
export type KeyOf = (row: Row) => Key

export function keyOf(columns: readonly string[]): KeyOf {
  const [column = ''] = columns
  if (columns.length !== 1) return (row) => JSON.stringify(columns.map((name) => row[name]))
  return (row) => {
    const value = row[column]
    if (typeof value === 'string' || Number.isFinite(value)) return value as Key
    return `\0${JSON.stringify(value)}` // no text from the server starts like that
  }
}
