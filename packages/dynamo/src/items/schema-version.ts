import { MiyabiError } from '@miyabi/core'

/** Every item that an entity stores records the shape in which it was written. */
interface Shaped {
  /** 1 for the first shape. */
  readonly schemaVersion: number
}

/**
 * Turns an item of one shape into the next. It receives what ElectroDB reads: attributes that a shape lacked are
 * absent, whatever the type says.
 */
export type Upcaster<Item> = (item: Item) => Item

/** The shapes that items of one kind were ever written in. */
export interface ItemShapes<Item extends Shaped> {
  /** The shape to write now. */
  readonly current: number
  /**
   * Returns an item in the current shape, whichever shape it was stored in.
   * @throws {ItemShapeError} for an unknown shape.
   */
  upcast(item: Item): Item
}

/**
 * The shapes of one kind of item. Reading upgrades an item from shape to shape; it is rewritten only when it is next
 * saved.
 *
 * A change is a new shape if readers would misunderstand it otherwise; another optional attribute is not one. To add a
 * shape, append its upcaster, keep the attributes it retires in the entity's model (optional; ElectroDB drops
 * attributes that the model does not name), and deploy the readers before any writer. The `version` of ElectroDB's
 * model is different, and stays 1: it is part of every key.
 *
 * @param kind the item's name in errors.
 * @param upcasters the first turns shape 1 into shape 2, and so on; none while there is one shape.
 */
export function itemShapes<Item extends Shaped>(
  kind: string,
  upcasters: readonly Upcaster<Item>[] = [],
): ItemShapes<Item> {
  const current = upcasters.length + 1
  return {
    current,
    upcast(item) {
      const stored = item.schemaVersion
      if (!Number.isInteger(stored) || stored < 1 || stored > current) throw new ItemShapeError(kind, stored, current)
      if (stored === current) return item
      const lifted = upcasters.slice(stored - 1).reduce((older, upcaster) => upcaster(older), item)
      return { ...lifted, schemaVersion: current }
    },
  }
}

interface ItemShapeDetails {
  readonly kind: string
  readonly schemaVersion: number
  /** The newest shape this process can read. */
  readonly known: number
}

/** An item was written in a shape that this process cannot read: usually by a newer release. Nothing was changed. */
export class ItemShapeError extends MiyabiError<'dynamo.item_shape', ItemShapeDetails> {
  override readonly name = 'ItemShapeError'

  constructor(kind: string, schemaVersion: number, known: number) {
    super(
      'dynamo.item_shape',
      `the ${kind} is stored in shape ${schemaVersion}, but this release reads shapes 1 to ${known}`,
      { details: { kind, schemaVersion, known }, remedy: 'deploy the release that wrote it to this process too' },
    )
  }
}
