import { randomInt } from 'node:crypto'

/**
 * Whatever a run makes on a server begins with `miyabi_test_<run>`, the run being eight hexadecimal digits. Its process
 * holds the advisory lock (RUN_LOCK, run) for as long as it lives: what begins with the name of a run whose lock is
 * free is left over.
 */
const RUN = /^miyabi_test_([0-9a-f]{8})_/

/** The first key of the advisory locks of runs; any number that nobody else uses would do. */
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

/** Which run a database or a table belongs to, by its name; undefined when to none. */
export function runOf(name: string): RunName | undefined {
  const digits = RUN.exec(name)?.[1]
  return digits === undefined ? undefined : { prefix: `miyabi_test_${digits}`, lockKey: Number.parseInt(digits, 16) }
}

/** The template that holds the migrated schema. */
export const migratedTemplate = (prefix: string): string => `${prefix}_migrated`
