import type { ConsumedCapacity } from '@aws-sdk/client-dynamodb'
import { defined } from '@miyabi/core'
import type { CapacityFacts } from '../observe/facts.js'
import type { CapacityUse } from '../stats.js'
import type { RefusedWrite } from './refused-writes.js'

/** The fields of a response that capacity is counted from. */
export interface CapacityAnswer {
  readonly ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[] | undefined
}

/** The operations that report their consumed capacity on request. */
const TELLING = /^(Get|Put|Update|Delete|BatchGet|BatchWrite|TransactGet|TransactWrite)Items?$|^(Query|Scan)$/
const READS = /Get|Query|Scan/

/** Whether an operation consumes capacity and reports how much. */
export const consumesCapacity = (operation: string): boolean => TELLING.test(operation)

/** The consumed capacity that a response reports. */
export function capacityIn(command: string, { ConsumedCapacity: consumed }: CapacityAnswer): CapacityFacts[] {
  const isRead = READS.test(command)
  const facts: CapacityFacts[] = []
  const all = consumed === undefined ? [] : Array.isArray(consumed) ? consumed : [consumed]
  for (const { TableName: table = 'unknown', Table, CapacityUnits, ...indexes } of all) {
    const add = (units: number, index: string | undefined): void => {
      facts.push({ table, index, readUnits: isRead ? units : 0, writeUnits: isRead ? 0 : units })
    }
    const inIndexes = { ...indexes.GlobalSecondaryIndexes, ...indexes.LocalSecondaryIndexes }
    // A query of an index consumes nothing from the table.
    const ofTable = Table?.CapacityUnits ?? (Object.keys(inIndexes).length > 0 ? 0 : (CapacityUnits ?? 0))
    if (ofTable > 0 || Object.keys(inIndexes).length === 0) add(ofTable, undefined)
    for (const [index, { CapacityUnits: units = 0 }] of Object.entries(inIndexes)) if (units !== 0) add(units, index)
  }
  return facts
}

type Sum = { -readonly [K in keyof CapacityUse]: CapacityUse[K] }

/** Sums the capacity that a client's operations consume. */
export class CapacityMeter {
  readonly #sums = new Map<string, Sum>()

  /** The sums so far. */
  get uses(): CapacityUse[] {
    return [...this.#sums.values()].map((sum) => ({ ...sum }))
  }

  /** Counts the consumed capacity that a response reports. */
  count(operation: string, consumed: readonly CapacityFacts[]): void {
    for (const { table, index, readUnits, writeUnits } of consumed) {
      const sum = this.#sum(operation, table, index)
      sum.requests += 1
      sum.readUnits += readUnits
      sum.writeUnits += writeUnits
    }
  }

  /** Counts a write that was rejected by its condition. */
  countRefused(operation: string, { table, writeUnits }: RefusedWrite): void {
    const sum = this.#sum(operation, table, undefined)
    sum.failedConditions += 1
    sum.writeUnits += writeUnits
  }

  #sum(operation: string, table: string, index: string | undefined): Sum {
    const key = `${operation} ${table} ${index ?? ''}` // names contain no spaces
    const found = this.#sums.get(key)
    if (found) return found
    const sum: Sum = {
      table,
      ...defined({ index }),
      operation,
      requests: 0,
      readUnits: 0,
      writeUnits: 0,
      failedConditions: 0,
    }
    this.#sums.set(key, sum)
    return sum
  }
}
