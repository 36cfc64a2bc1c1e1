import { createHash } from 'node:crypto'
import type { CachedRead } from '@miyabi/postgres'
import { Prisma } from '@miyabi/postgres/on-demand'
import { CacheError } from '../errors/cache-error.js'
import { encode, isPlain, MAX_DEPTH } from './codec.js'

/** Fingerprints by the text of a schema. */
const fingerprints = new Map<string, string>()

/**
 * Returns the same text for all calls with equal arguments, in any order. It differs between schemas, because the shape
 * of results may differ.
 * @throws {CacheError} `db.cache.strategy_refused`
 */
export function readKey({ clientMethod, model, action, args, dataPath, schema }: CachedRead): string {
  const encoded = encodedArgs(clientMethod, [dataPath, canonical(args, 0)])
  const hash = createHash('sha256').update(fingerprintOf(schema)).update(encoded)
  return `prisma ${model}.${action} ${hash.digest('base64url')}`
}

function encodedArgs(clientMethod: string, args: readonly unknown[]): Buffer {
  try {
    return encode(args, 'the call')
  } catch (error) {
    if (!(error instanceof CacheError)) throw error
    // For example a field reference.
    throw new CacheError('db.cache.strategy_refused', `${clientMethod} has no cache key: ${error.reason}`, {
      remedy: 'omit cacheStrategy, or use `me.cache.getOrSet` with your own key',
      details: { argument: 'cacheStrategy' },
    })
  }
}

/** Prisma's JSON nulls are recognized by identity. No argument has their replacements: undefined is omitted. */
let jsonNulls: ReadonlyMap<unknown, object> | undefined
const knownJsonNulls = (): ReadonlyMap<unknown, object> => {
  jsonNulls ??= new Map<unknown, object>([
    [Prisma.DbNull, { DbNull: undefined }],
    [Prisma.JsonNull, { JsonNull: undefined }],
    [Prisma.AnyNull, { AnyNull: undefined }],
  ])
  return jsonNulls
}

/** Returns equal values for equivalent calls: names in order, without undefined. */
function canonical(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value
  if (Array.isArray(value)) return value.map((item) => canonical(item, depth + 1))
  if (!isPlain(value)) return knownJsonNulls().get(value) ?? value
  const given = Object.entries(value).filter(([, item]) => item !== undefined)
  given.sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(given.map(([name, item]) => [name, canonical(item, depth + 1)]))
}

function fingerprintOf(schema: string): string {
  const known = fingerprints.get(schema)
  if (known !== undefined) return known
  const made = createHash('sha256').update(schema).digest('base64url')
  fingerprints.set(schema, made)
  return made
}
