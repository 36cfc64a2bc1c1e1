/** The position of a mistake in the text of a statement, as reported by the server. */
export interface Place {
  /** Both from 1. */
  readonly line: number
  readonly column: number
  /** The name, keyword or sign at that position; unset if it may be a value. */
  readonly near?: string
}

/** A quoted name with other characters may be a text in the wrong quotes: `WHERE email = "a@b.c"`. */
const NAME = String.raw`(?:[\p{L}_][\p{L}\p{N}_$]*|"[\p{L}\p{N}_$]+")`
/** A name with its qualifiers, a parameter number, or an operator. */
const TOKEN = String.raw`${NAME}(?:\s*\.\s*${NAME})*|\$\d+|[-+*/<>=~!@#%^&|?:;,.()[\]]{1,3}`
const LITERAL = /^(?:[ebnx]'|u&['"])/i
/** Tokens that may be shown although a literal comes before them: no value looks like them. */
const GRAMMAR = String.raw`^(?:[^\p{L}\p{N}"$]+|all|and|as|asc|between|by|case|cross|delete|desc|distinct|else|end|exists|for|from|full|group|having|in|inner|insert|into|is|join|left|like|limit|not|null|offset|on|or|order|outer|returning|right|select|set|table|then|union|update|using|values|when|where|with)$`

/** Made at first use: the classes of Unicode take V8 a millisecond, which the start of a process does not need. */
let patterns: { readonly token: RegExp; readonly grammar: RegExp } | undefined

function patternsOf(): NonNullable<typeof patterns> {
  patterns ??= { token: new RegExp(TOKEN, 'uy'), grammar: new RegExp(GRAMMAR, 'iu') }
  return patterns
}

/** Longer than any name of the server. */
const MAX_NEAR = 130

/**
 * Returns the place in `text` that a server error points at, by its `position`: a count of characters from 1.
 *
 * A name or keyword there comes from the statement's author and may be shown; a literal may be a value that was written
 * into the text. If the text is not valid SQL (`sqlState` 42601), the end of a preceding literal is unknown:
 * `'O'Brien'`.
 */
export function placeOf(text: string, position: unknown, sqlState: unknown): Place | undefined {
  const number = Number(position)
  const characters = Array.from(text)
  if (!Number.isInteger(number) || number < 1 || number > characters.length + 1) return undefined
  const before = characters.slice(0, number - 1).join('')
  const lines = before.split('\n')
  const near = tokenAt(text, before.length)
  const isSure =
    sqlState !== '42601' || !/['$]/.test(before.replace(/\$\d+/g, '')) || patternsOf().grammar.test(near ?? '')
  return {
    line: lines.length,
    column: Array.from(lines.at(-1) ?? '').length + 1,
    ...(near !== undefined && isSure ? { near } : {}),
  }
}

function tokenAt(text: string, index: number): string | undefined {
  if (LITERAL.test(text.slice(index, index + 3))) return undefined
  const pattern = patternsOf().token
  pattern.lastIndex = index
  const token = pattern.exec(text)?.[0]
  return token !== undefined && token.length <= MAX_NEAR ? token : undefined
}
