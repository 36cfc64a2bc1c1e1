import type { ResultNode } from './plan.js'

export type ObjectNode = ResultNode & { readonly type: 'object' }
/** The values of each enum, by its name. */
export type Enums = Readonly<Record<string, Readonly<Record<string, string>>>>

/** The rows of a relation, and their place on the rows of their parents. */
export interface Relation {
  /** Its name in the plan. */
  readonly parentField: string
  readonly isUnique: boolean
  /** The place of its rows; undefined if they are not the rows of one statement. */
  readonly place: Place | undefined
  /** Its name in the result, once known. */
  name?: string
}

/**
 * How the rows of one statement are read: as objects of the call's result, and the columns that the plan needs to
 * continue.
 */
export class Place {
  /** The columns that the plan needs. */
  readonly keys = new Set<string>()
  readonly relations: Relation[] = []
  /** The object that a row becomes. If unset, it becomes a record of its columns, and the result is made of records. */
  structure: ObjectNode | undefined
  enums: Enums = {}
  /** Whether the plan processes rows together with their relations. */
  isSeenWhole = false

  /** Adds columns that the plan needs. */
  needs(columns: readonly string[]): void {
    for (const column of columns) this.keys.add(column)
  }

  /** The relation behind an object of the result. */
  relationOf({ serializedName }: ObjectNode): Relation | undefined {
    return this.relations.find(({ parentField }) => parentField === serializedName)
  }

  /** Reads rows as objects of the result if they and the rows of all relations can be. Returns whether. */
  settle(structure: ObjectNode, enums: Enums): boolean {
    if (!fits(this, structure)) return false
    this.#take(structure, enums)
    return true
  }

  #take(structure: ObjectNode, enums: Enums): void {
    this.structure = structure
    this.enums = enums
    for (const [name, field] of Object.entries(structure.fields)) {
      const relation = isRelation(field) ? this.relationOf(field) : undefined
      if (!relation) continue
      relation.name = name
      const { place } = relation
      if (place) place.#take(field as ObjectNode, enums)
    }
  }
}

/** Whether rows can be read as objects of the result, each relation from the rows of one statement. */
function fits(place: Place | undefined, structure: ObjectNode): boolean {
  if (!place || place.isSeenWhole || place.structure) return false
  const fields = Object.values(structure.fields)
  if (fields.filter(isRelation).length !== place.relations.length) return false
  return fields.every((field) =>
    isRelation(field) ? fits(place.relationOf(field)?.place, field) : hasNoRelation(field),
  )
}

/** Whether a field is an object made of other rows. */
export function isRelation(field: ResultNode): field is ObjectNode {
  return field.type === 'object' && field.serializedName !== null
}

function hasNoRelation(field: ResultNode): boolean {
  return field.type !== 'object' || Object.values(field.fields).every((one) => !isRelation(one) && hasNoRelation(one))
}
