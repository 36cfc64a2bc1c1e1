import { redactText } from './redact.js'
import { MASK, redactUrl } from './redact-url.js'
import { isSecretName } from './secret-names.js'

/** Deeper than the facts of any event, but not deep enough to walk a socket or request attached to an error. */
const MAX_DEPTH = 8

/**
 * Returns a copy of a value that may be logged or printed: secrets are masked by their name (a field, a key of a Map, a
 * header, the option before them) and in every text, at any depth. Values that cannot contain a secret stay as they
 * are.
 */
export function redactValue(value: unknown): unknown {
  return redact(value, [])
}

/** Does the same for the fields of an event. */
export const redactFields = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  redactPairs(plainEntries(fields), [fields])

/** @param above its ancestors, to detect cycles */
function redact(value: unknown, above: readonly object[]): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'function') return `[function ${value.name}]`
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (value instanceof URL) return redactUrl(value.href)
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`
  if (value instanceof ArrayBuffer) return `(${value.byteLength} bytes)`
  if (above.includes(value)) return '(circular)'
  if (above.length === MAX_DEPTH) return '(too deep)'
  const inside = [...above, value]
  if (value instanceof Error) return redactError(value, inside)
  if (Array.isArray(value)) return redactList(value, inside)
  if (value instanceof Set) return redactList([...value], inside)
  if (isPairs(value)) return redactPairs([...value], inside)
  if ('toJSON' in value && typeof value.toJSON === 'function') return redact(value.toJSON(), inside)
  return redactPairs(plainEntries(value), inside)
}

/** The fields that identify an error. Its other fields come from the driver: rows, whole requests. */
function redactError(error: Error, above: readonly object[]): object {
  const { name, message, cause } = error
  const { code, errors } = error as { readonly code?: unknown; readonly errors?: unknown }
  return {
    name,
    ...(code !== undefined && { code: redact(code, above) }),
    message: redactText(message),
    ...(cause !== undefined && { cause: redact(cause, above) }),
    ...(Array.isArray(errors) && { errors: redactList(errors, above) }),
  }
}

/** In arguments and raw headers, the element after a secret's name is the secret: `['--password', 'x']`. */
function redactList(list: readonly unknown[], above: readonly object[]): unknown[] {
  return list.map((element, index) => {
    const before: unknown = list[index - 1]
    const isNamed = typeof before === 'string' && /^-{0,2}[\w.-]+$/.test(before) && isSecretName(before)
    return isNamed ? mask(element) : redact(element, above)
  })
}

function redactPairs(
  pairs: readonly (readonly [unknown, unknown])[],
  above: readonly object[],
): Record<string, unknown> {
  const named = pairs.find(([key, value]) => /^(?:name|key)$/i.test(String(key)) && typeof value === 'string')?.[1]
  const isSecret = (key: string): boolean =>
    isSecretName(key) || (/^value$/i.test(key) && named !== undefined && isSecretName(String(named))) // `{ name: 'PGPASSWORD', value }`
  return Object.fromEntries(
    pairs.map(([key, value]) => [redactText(String(key)), isSecret(String(key)) ? mask(value) : redact(value, above)]),
  )
}

/** Whether a secret exists (`password: undefined`, `hasToken: true`) is not a secret. */
function mask(value: unknown): unknown {
  return value === undefined || value === null || value === '' || typeof value === 'boolean' ? value : MASK
}

const isPairs = (value: object): value is Iterable<readonly [unknown, unknown]> =>
  value instanceof Map || value instanceof URLSearchParams || value instanceof Headers

function plainEntries(value: object): readonly (readonly [string, unknown])[] {
  return Object.keys(value).map((key) => {
    try {
      return [key, (value as Readonly<Record<string, unknown>>)[key]]
    } catch {
      return [key, '(unreadable)'] // a getter that throws
    }
  })
}
