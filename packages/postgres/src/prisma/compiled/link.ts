import { copyOf } from './copy-of.js'
import { isRow } from './in-memory.js'
import { type Key, type KeyOf, keyOf } from './key-of.js'
import type { Place, Relation } from './place.js'
import type { JoinChild } from './plan.js'
import { RESULT, type Row } from './row-readers.js'
import { Unexpected } from './unexpected.js'

/** Attaches the rows of a relation to their parents. Both are records, or both are objects of the result. */
export class Link {
  readonly #relation: Relation
  readonly #parents: Place | undefined
  readonly #keyOfParent: KeyOf
  readonly #keyOfChild: KeyOf

  constructor(join: JoinChild, parents: Place | undefined, place: Place | undefined) {
    const { on, parentField, isRelationUnique: isUnique } = join
    const [columns, ofChild] = [on.map(([parent]) => parent), on.map(([, child]) => child)]
    this.#relation = { parentField, isUnique, place }
    this.#parents = parents
    this.#keyOfParent = keyOf(columns)
    this.#keyOfChild = keyOf(ofChild)
    parents?.relations.push(this.#relation)
    parents?.needs(columns)
    place?.needs(ofChild)
  }

  attach(parents: readonly Row[], found: unknown): void {
    const { isUnique, parentField, name = parentField } = this.#relation
    const isMade = this.#parents?.structure !== undefined
    const byKey = new Map<Key, Row[]>()
    for (const parent of parents) {
      const key = this.#keyOfParent(parent)
      const owner = isMade ? (parent[RESULT] as Row) : parent
      const same = byKey.get(key)
      if (same) same.push(owner)
      else byKey.set(key, [owner])
      owner[name] = isUnique ? null : []
    }
    for (const child of Array.isArray(found) ? found : [found]) {
      if (child === null) continue
      if (!isRow(child)) throw new Unexpected('a relation that is not a row')
      const value = isMade ? child[RESULT] : child
      for (const [index, owner] of (byKey.get(this.#keyOfChild(child)) ?? []).entries()) {
        const own = isMade && index > 0 ? copyOf(value) : value // parents share no object
        if (isUnique) owner[name] = own
        else (owner[name] as unknown[]).push(own)
      }
    }
  }
}
