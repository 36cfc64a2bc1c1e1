import type pg from 'pg'
import { DriverResult, undescribed, type Wire } from '../internals/pg.js'

/**
 * The row descriptions that each session returned for its named statements. Each is requested once: an execution that
 * would return other columns is rejected (SQLSTATE 0A000).
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

/** The descriptions of one session. */
class SessionShapes {
  /** The connection, on which no description is requested. */
  readonly undescribed: Wire
  readonly #shapes = new Map<string, DriverResult>()

  constructor(connection: Wire) {
    this.undescribed = undescribed(connection)
  }

  /**
   * Returns the reader of a statement's rows in the form that `result` needs; undefined if the description is unknown.
   */
  find(name: string, result: DriverResult): DriverResult | undefined {
    const shape = this.#shapes.get(name)
    return shape?.rowAsArray === result.rowAsArray && shape._types === result._types ? shape : undefined
  }

  /** Records the description of the rows that `result` received. */
  note(name: string, { rowAsArray, _types, fields }: Pick<DriverResult, 'rowAsArray' | '_types' | 'fields'>): void {
    const shape = new DriverResult(rowAsArray ? 'array' : undefined, _types)
    shape.addFields(copied(fields))
    this.#shapes.set(name, shape)
  }
}

/** Each caller gets a separate copy: a caller that renames its columns must not rename those of the next. */
export const copied = (fields: readonly pg.FieldDef[]): pg.FieldDef[] => fields.map((field) => ({ ...field }))
