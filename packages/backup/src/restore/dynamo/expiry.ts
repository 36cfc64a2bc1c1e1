import type { Item } from '../../format/item-line.js'

/** When an item expires, in milliseconds since 1970; Infinity for one that does not. */
export const expiresAtMs = ({ ttl }: Item): number =>
  ttl?.N === undefined ? Number.POSITIVE_INFINITY : Number(ttl.N) * 1000

/** An item that expires this soon may be gone when it is compared, in milliseconds. */
export const SOON_MS = 3_600_000
