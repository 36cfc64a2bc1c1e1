/** Strings, so that digits inside them are skipped, and numbers. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** Parses JSON; a number that would lose digits is read as a string. */
export const parseExactly = (text: string): unknown =>
  JSON.parse(text.replace(TOKENS, (token) => (token.startsWith('"') || isExact(token) ? token : `"${token}"`)))

/** Whether a double loses digits of it, ignoring differences of notation: 1.50 is 1.5. */
function isExact(token: string): boolean {
  const value = Number(token)
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value) && token.length <= 17
}

/**
 * Returns a copy of plain JSON values, from anything DynamoDB returns: bigints become strings, bytes base64, sets
 * lists.
 */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Set) return [...value].map(plain)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
}
