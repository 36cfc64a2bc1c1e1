import { UnreadableValue } from './unreadable-value.js'

/**
 * Signs of a number that a double cannot represent: sixteen digits, or in json an exponent, which jsonb expands. Most
 * documents have neither.
 */
const DIGITS = /\d{16}/
const EXPONENT = /\d[eE]/
/** Strings, so that numbers inside them are skipped, and numbers. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/**
 * Returns the text of a JSON document after checking that none of its numbers is parsed as another one: JavaScript
 * reads 9007199254740993 as ...992, and 1e400 as Infinity. Fractional digits beyond a double's precision are accepted
 * as an approximation, as elsewhere.
 * @throws {UnreadableValue}
 */
export function exactJson(text: string): string {
  return EXPONENT.test(text) ? checked(text) : exactJsonb(text)
}

/** Does the same for jsonb. */
export function exactJsonb(text: string): string {
  return DIGITS.test(text) ? checked(text) : text
}

function checked(text: string): string {
  for (const [token] of text.matchAll(TOKENS))
    if (!token.startsWith('"') && !isExact(token)) throw new UnreadableValue(KIND)
  return text
}

const KIND = 'a JSON number that a double cannot represent'

function isExact(token: string): boolean {
  const value = Number(token)
  if (!Number.isFinite(value) || (value === 0 && /[1-9]/.test(token.replace(/[eE].*/, '')))) return false
  if (Number.isSafeInteger(value) || /[eE]|\.\d*[1-9]/.test(token)) return true
  return token.replace(/\.0*$/, '') === inDigits(value)
}

/** A whole number as printed by JavaScript, without an exponent. */
function inDigits(value: number): string {
  const [, sign = '', first = '', rest = '', exponent = ''] = /^(-?)(\d)(?:\.(\d+))?e\+(\d+)$/.exec(String(value)) ?? []
  return first === '' ? String(value) : sign + first + rest.padEnd(Number(exponent), '0')
}
