import { Prisma } from '../../schema/prisma.js'

/** Copies a result for another caller, or for another place in the same result. */
export function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return new Date(value)
  if (Prisma.Decimal.isDecimal(value)) return value // immutable
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (Array.isArray(value)) return value.map(copyOf)
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, copyOf(item)]))
}
