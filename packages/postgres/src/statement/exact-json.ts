import { UnreadableValue } from './unreadable-value.js'

/**
 * What a number that a double cannot hold has: sixteen digits, or in json an exponent, which jsonb writes out. Most
 * documents have neither.
 */
const DIGITS = /\d{16}/
const EXPONENT = /\d[eE]/
/** Strings, so that what looks like a number in one is passed over, and numbers. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/**
 * The text of a JSON document, once it is known that none of its numbers is read as another one: JavaScript reads
 * 9007199254740993 as ...992, and 1e400 as Infinity. Digits behind the point that a double does not hold are taken for
 * what they are elsewhere, an approximation.
 * @throws {UnreadableValue}
 */
export function exactJson(text: string): string {
  return EXPONENT.test(text) ? checked(text) : exactJsonb(text)
}

/** The same of jsonb. */
export function exactJsonb(text: string): string {
  return DIGITS.test(text) ? checked(text) : text
}

function checked(text: string): string {
  for (const [token] of text.matchAll(TOKENS))
    if (!token.startsWith('"') && !isExact(token)) throw new UnreadableValue(KIND)
  return text
}

const KIND = 'a number in JSON that a double does not hold'

function isExact(token: string): boolean {
  const value = Number(token)
  if (!Number.isFinite(value) || (value === 0 && /[1-9]/.test(token.replace(/[eE].*/, '')))) return false
  if (Number.isSafeInteger(value) || /[eE]|\.\d*[1-9]/.test(token)) return true
  return token.replace(/\.0*$/, '') === inDigits(value)
}

/** A whole number as JavaScript prints it, without an exponent. */
function inDigits(value: number): string {
  const [, sign = '', first = '', rest = '', exponent = ''] = /^(-?)(\d)(?:\.(\d+))?e\+(\d+)$/.exec(String(value)) ?? []
  return first === '' ? String(value) : sign + first + rest.padEnd(Number(exponent), '0')
}
