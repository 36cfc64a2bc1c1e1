import { type Parameter, toParameter } from '../../internals/pg.js'
import { earlyDateText } from '../early-dates.js'
import type { ArgType } from './plan.js'

/**
 * Returns a value as the driver sends it: converted by Prisma's adapter for its column, and then by the driver.
 *
 * @param value from the plan: a Date, or a value of Prisma's protocol.
 */
export function wireValue(value: unknown, type: ArgType): Parameter {
  if (typeof value === 'string') {
    if (type.scalarType === 'datetime') return momentText(new Date(value), type)
    return type.scalarType === 'bytes' ? Buffer.from(value, 'base64') : value
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value === null) return null
  if (value instanceof Date) return momentText(value, type)
  if (Array.isArray(value) && type.arity === 'list') return listText(value, type)
  return toParameter(value)
}

/** A list as one parameter. */
export function listText(values: readonly unknown[], type: ArgType): Parameter {
  return toParameter(values.map((value) => wireValue(value, type)))
}

function momentText(at: Date, { dbType }: ArgType): string {
  // The text of a moment before the year 1 does not depend on its column.
  if (at.getUTCFullYear() < 1) return earlyDateText(at)
  const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}${fraction(at)}`
  if (dbType === 'TIME' || dbType === 'TIMETZ') return time
  const day = `${String(at.getUTCFullYear()).padStart(4, '0')}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`
  return dbType === 'DATE' ? day : `${day} ${time}`
}

function fraction(at: Date): string {
  const ms = at.getUTCMilliseconds()
  return ms === 0 || Number.isNaN(ms) ? '' : `.${String(ms).padStart(3, '0')}`
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value))
