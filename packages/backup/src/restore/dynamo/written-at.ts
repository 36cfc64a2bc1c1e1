import type { Item } from '../../format/item-line.js'

/**
 * When an item was written, by its writer's clock, in milliseconds since 1970; for older shapes, the time that they
 * have.
 */
export function writtenAtMs(item: Item): number {
  const written = item['w']?.N ?? item['writtenAt']?.N ?? item['updatedAt']?.N
  if (written !== undefined) return Number(written)
  const id = item['i']?.S // a UUIDv7 begins with its time
  return id === undefined ? 0 : Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)
}
