import type { Dynamo } from '../src/dynamo.js'

/** DynamoDB's units, and the writes among them that a condition refused. */
export interface Units {
  readonly reads: number
  readonly writes: number
  readonly refused: number
}

/** What some work consumes, in all tables and indexes together. */
export async function unitsOf(dynamo: Dynamo, work: () => Promise<unknown>): Promise<Units> {
  const before = consumed(dynamo)
  await work()
  const after = consumed(dynamo)
  return {
    reads: after.reads - before.reads,
    writes: after.writes - before.writes,
    refused: after.refused - before.refused,
  }
}

function consumed(dynamo: Dynamo): Units {
  const sum = { reads: 0, writes: 0, refused: 0 }
  for (const { readUnits, writeUnits, failedConditions } of dynamo.stats().capacity) {
    sum.reads += readUnits
    sum.writes += writeUnits
    sum.refused += failedConditions
  }
  return sum
}
