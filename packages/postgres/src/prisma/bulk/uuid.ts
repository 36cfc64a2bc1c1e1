import { randomBytes, randomUUID } from 'node:crypto'
import { uuid7 } from '../../ids/uuid7.js'

/**
 * UUIDs as Prisma generates them for fields with `@default(uuid(4))` and `@default(uuid(7))`: those of version 7 start
 * with the time in milliseconds and a counter, so that they sort in order of creation.
 */
export function uuidMaker(generator: string): () => string {
  return generator === 'uuid(7)' ? makeUuid7 : randomUUID
}

let lastMs = 0
let count = 0

function makeUuid7(): string {
  const nowMs = Date.now()
  if (nowMs > lastMs) {
    lastMs = nowMs
    count = randomBytes(2).readUInt16BE() & 0x7ff
  } else {
    count += 1
    if (count > 0xfff) {
      lastMs += 1
      count = 0
    }
  }
  return uuid7(lastMs, count, randomBytes(8))
}
