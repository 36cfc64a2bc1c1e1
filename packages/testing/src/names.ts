import { randomInt } from 'node:crypto'

/**
 * Everything a run creates on a server has a name starting with `miyabi_test_<run>`, the run being eight hexadecimal
 * digits. Its process holds the advisory lock (RUN_LOCK, run) for as long as it lives: objects named after a run whose
 * lock is free are leftovers.
 */
const RUN = /^miyabi_test_([0-9a-f]{8})_/

/** The first key of the advisory locks of runs; any otherwise unused number would do. */
export const RUN_LOCK = 0x6d697961

export interface RunName {
  readonly prefix: string
  /** The second key of its advisory lock. */
  readonly lockKey: number
}

export function newRunName(): RunName {
  const lockKey = randomInt(2 ** 31)
  return { prefix: `miyabi_test_${lockKey.toString(16).padStart(8, '0')}`, lockKey }
}

/** The run that a database or table belongs to, by its name; undefined if none. */
export function runOf(name: string): RunName | undefined {
  const digits = RUN.exec(name)?.[1]
  return digits === undefined ? undefined : { prefix: `miyabi_test_${digits}`, lockKey: Number.parseInt(digits, 16) }
}

/** The template with the migrated schema. */
export const migratedTemplate = (prefix: string): string => `${prefix}_migrated`
