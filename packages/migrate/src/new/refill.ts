import pg from 'pg'
import type { Schema } from '../schema/facts.js'
import { parseSql, type Statement } from '../sql/parse.js'
import { asKind } from '../sql/walk.js'
import { alterOf, alterText, type Clause } from './commands.js'
import { foreignKeys } from './open-tables.js'
import { exampleFor, isFilled } from './rows.js'

/**
 * Restores a column that may not be null: existing rows need some value, which PostgreSQL takes from a default that is
 * removed immediately. The column's previous values are lost. A column that is unique or refers to another table is
 * left unchanged: only a human knows which value is right.
 * @param schema as it is before the forward migration, with the column.
 */
export async function refilled(down: readonly Statement[], schema: Schema): Promise<Statement[]> {
  const keys = foreignKeys(down)
  const labelOf = (type: string): string | undefined => schema.types.get(type)?.labels?.[0]
  const statements = down.map(async (statement): Promise<Statement[]> => {
    const alter = alterOf(statement)
    const table = alter && schema.tables.get(alter.table)
    if (!alter || !table) return [statement]
    const emptied: string[] = []
    const clauses = alter.clauses.map((clause): Clause => {
      const column = asKind(clause.command.def, 'ColumnDef')
      const name = column?.colname
      if (clause.command.subtype !== 'AT_AddColumn' || !column || name === undefined) return clause
      const isRequired = (column.constraints ?? []).some(
        (each) => asKind(each, 'Constraint')?.contype === 'CONSTR_NOTNULL',
      )
      const isKey = keys.some((key) => key.table === alter.table && key.column === name)
      const isIndexed = [...table.shape.indexes.values()].some((columns) => columns.includes(name))
      if (!isRequired || isFilled(column) || isKey || isIndexed) return clause
      emptied.push(name)
      return { ...clause, text: `${clause.text} DEFAULT ${exampleFor(column, labelOf)}` }
    })
    const drops = emptied.map((name) => `ALTER COLUMN ${pg.escapeIdentifier(name)} DROP DEFAULT`)
    if (drops.length === 0) return [statement]
    return await parseSql(
      `-- Existing rows get an arbitrary value: what the column held is lost.\n${alterText(alter.head, clauses)};\n${alter.head} ${drops.join(',\n')};`,
    )
  })
  return (await Promise.all(statements)).flat()
}
