/** A value that JSON can represent. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }

/**
 * A replacer for `JSON.stringify`: a bigint becomes a decimal string (no digit is lost, and the type does not depend on
 * the size), bytes become base64. Decimals and dates need no conversion: their own `toJSON` returns a string.
 */
export function jsonReplacer(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return value
}

/** `JSON.stringify` for rows and items: BigInt, Decimal, Date and bytes included. */
export function stringifyJson(value: unknown, space?: number): string {
  // A Buffer's own toJSON runs before the replacer sees it, so the replacer reads the holder.
  return JSON.stringify(
    value,
    function (this: Record<string, unknown>, key: string, current: unknown) {
      const raw = this[key]
      return jsonReplacer(key, raw instanceof Uint8Array ? raw : current)
    },
    space,
  )
}

/**
 * A copy of a row or an item made of plain JSON values, for a response body or a queue. `undefined` members are left
 * out.
 */
export function toJson(value: unknown): JsonValue {
  const text = stringifyJson(value)
  return text === undefined ? null : (JSON.parse(text) as JsonValue)
}
