import type pg from 'pg'
import { DriverResult, undescribed, type Wire } from '../internals/pg.js'

/**
 * What each session told of the rows of the statements that it keeps by name. It has to be asked once: an execution
 * that would answer with other columns is refused (SQLSTATE 0A000).
 */
export class RowShapes {
  readonly #sessions = new WeakMap<Wire, SessionShapes>()

  of(connection: Wire): SessionShapes {
    const known = this.#sessions.get(connection)
    if (known) return known
    const session = new SessionShapes(connection)
    this.#sessions.set(connection, session)
    return session
  }
}

/** Those of one session. */
class SessionShapes {
  /** The connection, but that it asks for no description. */
  readonly undescribed: Wire
  readonly #shapes = new Map<string, DriverResult>()

  constructor(connection: Wire) {
    this.undescribed = undescribed(connection)
  }

  /** What reads the rows of a statement in the form in which `result` wants them; undefined where that is not known. */
  find(name: string, result: DriverResult): DriverResult | undefined {
    const shape = this.#shapes.get(name)
    return shape?.rowAsArray === result.rowAsArray && shape._types === result._types ? shape : undefined
  }

  /** Notes what the rows look like that `result` took in. */
  note(name: string, { rowAsArray, _types, fields }: DriverResult): void {
    const shape = new DriverResult(rowAsArray ? 'array' : undefined, _types)
    shape.addFields(copied(fields))
    this.#shapes.set(name, shape)
  }
}

/** For each caller its own: one that renames what it was given shall not rename the columns of the next. */
export const copied = (fields: readonly pg.FieldDef[]): pg.FieldDef[] => fields.map((field) => ({ ...field }))
