import type { Position } from '@miyabi/postgres'

export type { Position }

/** As 16 hex digits: as texts they are in the order of the numbers. */
export function hexOfLsn(lsn: bigint): string {
  return lsn.toString(16).padStart(16, '0')
}

/** @param hex 16 hex digits, as `hexOfLsn` gives them. */
export function lsnOfHex(hex: string): bigint {
  return BigInt(`0x${hex}`)
}

/** No log comes so far: what has been seen lies above whatever a copy holds. */
export const BEYOND_ALL = 0xffff_ffff_ffff_ffffn

/** The later of two places of one history. */
export function later(one: Position, other: Position): Position {
  return one.lsn >= other.lsn ? one : other
}
