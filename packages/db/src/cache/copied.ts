import { types } from 'node:util'
import { Prisma } from '@miyabi/postgres/on-demand'

/** Returns a copy of a value, as `decode(encode(value))` would, in a fraction of the time. */
export function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Array.from(value, copied)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype) return copiedObject(value)
  if (prototype === Date.prototype || types.isDate(value)) return new Date((value as Date).getTime())
  if (types.isUint8Array(value)) return Uint8Array.from(value)
  if (Prisma.Decimal.isDecimal(value)) return value // immutable
  return copiedObject(value)
}

/** A spread copies all names, including `__proto__`. Symbols are not kept. */
function copiedObject(value: object): object {
  const made: Record<string | symbol, unknown> = { ...value }
  for (const symbol of Object.getOwnPropertySymbols(made)) delete made[symbol]
  for (const name of Object.keys(made)) {
    const member = made[name]
    if (typeof member === 'object' && member !== null) made[name] = copied(member)
  }
  return made
}
