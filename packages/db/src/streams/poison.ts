import { isMiyabiError, safeCause } from '@miyabi/core'
import { mapError } from '../errors/map-error.js'

/** The database's errors about values, which another attempt will not change. */
const OF_VALUES: ReadonlySet<string> = new Set([
  'postgres.unique_violation',
  'postgres.foreign_key_violation',
  'postgres.not_null_violation',
  'postgres.check_violation',
  'postgres.month_missing',
  'postgres.not_found',
  'postgres.invalid_value',
  'postgres.invalid_query',
  'postgres.raised',
  'postgres.refused',
])

/**
 * Whether a record is the cause of its handler's failure: the database refused its values, or code threw. Any other
 * failure of a store (unreachable, a missing right or table) would occur with every record, and is waited out; so is an
 * error that is marked as retryable.
 */
export function isPoison(error: unknown): boolean {
  const mapped = mapError(error)
  if (!isMiyabiError(mapped)) return true
  if (mapped.retryable || mapped.effect === 'unknown') return false
  return mapped.code.startsWith('postgres.') ? OF_VALUES.has(mapped.code) : true
}

/** The name of a failure, and its message without values. */
export function told(error: unknown): { readonly code: string; readonly message: string } {
  const mapped = mapError(error)
  const { message } = safeCause(mapped)
  const code = isMiyabiError(mapped) ? mapped.code : mapped instanceof Error ? mapped.name : 'unknown'
  return { code, message: message.replaceAll('\0', '').slice(0, 2000) }
}
