import type { Position } from '@miyabi/postgres'

export type { Position }

/** As 16 hex digits: as strings they sort like the numbers. */
export function hexOfLsn(lsn: bigint): string {
  return lsn.toString(16).padStart(16, '0')
}

/** @param hex 16 hex digits, as `hexOfLsn` returns them. */
export function lsnOfHex(hex: string): bigint {
  return BigInt(`0x${hex}`)
}

/** No log reaches this position: what has been read is above anything a copy holds. */
export const BEYOND_ALL = 0xffff_ffff_ffff_ffffn

/** The later of two positions of one history. */
export function later(one: Position, other: Position): Position {
  return one.lsn >= other.lsn ? one : other
}
