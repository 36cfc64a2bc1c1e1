import pg from 'pg'
import type { Schema } from '../schema/facts.js'
import type { Statement } from '../sql/parse.js'
import { asKind } from '../sql/walk.js'
import { type Alter, alterOf, alterText, type Clause } from './commands.js'
import { type Draft, type Piece, piece } from './draft.js'

/** What is added to the rest of a migration, and what goes into a second one, with the reverse of both. */
interface Proof {
  readonly up: readonly Piece[]
  readonly down: readonly Piece[]
  readonly laterUp: readonly string[]
  readonly laterDown: readonly string[]
}

/**
 * Has PostgreSQL read the rows of tables in use in a second migration, which blocks no one: a foreign key or a check is
 * added NOT VALID and validated there, and a column becomes NOT NULL there, by way of a check.
 */
export function splitChecks(
  name: string,
  up: readonly Statement[],
  down: readonly Statement[],
  schema: Schema,
): { readonly up: readonly Piece[]; readonly down: readonly Piece[]; readonly validation: Draft | undefined } {
  const proofs: Proof[] = []
  const back = down.map((statement) => ({ statement, alter: alterOf(statement) }))
  const takeBack = (table: string, isIt: (clause: Clause) => boolean): Clause | undefined => {
    const place = back.find(({ alter }) => alter?.table === table && alter.clauses.some(isIt))
    const clause = place?.alter?.clauses.find(isIt)
    if (place?.alter) place.alter = { ...place.alter, clauses: place.alter.clauses.filter((each) => each !== clause) }
    return clause
  }
  const kept = up.flatMap((statement): Piece[] => {
    const alter = alterOf(statement)
    const table = alter && schema.tables.get(alter.table)
    if (!alter || !table) return [statement]
    const clauses = alter.clauses.flatMap((clause): Clause[] => {
      if (isProvable(clause) && !table.shape.isPartitioned) {
        proofs.push(validated(alter, clause))
        return [{ ...clause, text: `${clause.text} NOT VALID` }]
      }
      const column = clause.command.subtype === 'AT_SetNotNull' ? clause.command.name : undefined
      if (column === undefined || table.shape.required.has(column)) return [clause]
      const undone = takeBack(
        alter.table,
        ({ command }) => command.subtype === 'AT_DropNotNull' && command.name === column,
      )
      if (!undone) return [clause]
      proofs.push(required(alter, column))
      return []
    })
    const text = alterText(alter.head, clauses)
    return text === undefined ? [] : [{ text, comments: statement.comments }]
  })
  const left = back.flatMap(({ statement, alter }): Piece[] => {
    if (!alter) return [statement]
    const text = alterText(alter.head, alter.clauses)
    return text === undefined ? [] : [{ text, comments: statement.comments }]
  })
  return {
    up: [...kept, ...proofs.flatMap((proof) => proof.up)],
    down: [...proofs.flatMap((proof) => proof.down), ...left],
    validation:
      proofs.length === 0
        ? undefined
        : {
            title: `${name}_validated`,
            purpose: `Has PostgreSQL check the rows for ${name}, which blocks no reader and no writer.`,
            up: proofs.flatMap(({ laterUp }) => laterUp.map((text) => piece(text))),
            down: proofs.flatMap(({ laterDown }) => laterDown.map((text) => piece(text))),
          },
  }
}

/** A constraint that checks every row. */
function isProvable({ command }: Clause): boolean {
  const { contype, skip_validation: isSkipped } = asKind(command.def, 'Constraint') ?? {}
  const isOne = contype === 'CONSTR_FOREIGN' || contype === 'CONSTR_CHECK'
  return command.subtype === 'AT_AddConstraint' && isOne && !isSkipped
}

/** A foreign key or a check stays where it is, NOT VALID. */
function validated({ head }: Alter, { command, text }: Clause): Proof {
  const constraint = pg.escapeIdentifier(asKind(command.def, 'Constraint')?.conname ?? '')
  return {
    up: [],
    down: [],
    laterUp: [`${head} VALIDATE CONSTRAINT ${constraint}`],
    laterDown: [`${head} DROP CONSTRAINT ${constraint}`, `${head} ${text} NOT VALID`],
  }
}

/** A check replaces NOT NULL until it is validated. */
function required({ head, table }: Alter, column: string): Proof {
  const check = pg.escapeIdentifier(`${table.replace(/^.*\./, '')}_${column}_there`)
  const name = pg.escapeIdentifier(column)
  const add = `${head} ADD CONSTRAINT ${check} CHECK (${name} IS NOT NULL) NOT VALID`
  return {
    up: [piece(add, 'Applies to new writes; the next migration checks the existing rows.')],
    down: [piece(`${head} DROP CONSTRAINT ${check}`)],
    laterUp: [
      `${head} VALIDATE CONSTRAINT ${check}`,
      `${head} ALTER COLUMN ${name} SET NOT NULL`,
      `${head} DROP CONSTRAINT ${check}`,
    ],
    laterDown: [`${head} ALTER COLUMN ${name} DROP NOT NULL`, add],
  }
}
