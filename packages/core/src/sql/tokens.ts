/** The kind of an SQL token, as far as needed to distinguish values from the rest. */
export type TokenKind =
  /** A number, a string of any form, and anything that is not terminated. */
  | 'value'
  /** `$1`. */
  | 'parameter'
  /** A keyword, or a name without quotation marks. */
  | 'word'
  /** A quoted name. */
  | 'name'
  /** An operator, a bracket, a comma. */
  | 'sign'

export interface Token {
  readonly kind: TokenKind
  /** As it was written. */
  readonly text: string
  /** Whether whitespace or a comment came before it. */
  readonly isApart: boolean
}

/**
 * Returns the tokens of a PostgreSQL SQL text, without comments, by the rules of the server's lexer (`scan.l`) with
 * `standard_conforming_strings` on, the default. Accepts any text, including text that the server rejects: an
 * unterminated token extends to the end as one value, and characters directly after a number belong to it.
 */
export function* tokensOf(sql: string): Generator<Token> {
  let at = 0
  let isApart = false
  while (at < sql.length) {
    const beyond = skipSpace(sql, at)
    if (beyond > at) {
      at = beyond
      isApart = true
      continue
    }
    const [kind, end] = readToken(sql, at)
    yield { kind, text: sql.slice(at, end), isApart }
    at = end
    isApart = false
  }
}

const SPACE = /[ \t\n\r\f\v]+/y
const LINE_COMMENT = /--[^\n\r]*/y
const PARAMETER = /\$\d+/y
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y
/** All forms of all versions; two dots in a row are an operator. */
const NUMBER =
  /(?:0[xob](?:_?[\da-f])+|(?:\d+(?:_\d+)*)?(?:\.(?!\.)(?:\d+(?:_\d+)*)?)?(?:e[+-]?\d+(?:_\d+)*)?)[\w\u0080-\uffff]*/iy
const QUOTED_NAME = /"(?:[^"]|"")*"/y
/** PostgreSQL does not accept longer ones. */
const OPERATOR = /[~!@#^&|`?+\-*/%<>=]{1,63}/y
/** An operator of several characters may end in + or - only if it contains one of these. */
const UNUSUAL = /[~!@#^&|`?%]/

function readToken(sql: string, at: number): readonly [TokenKind, number] {
  const char = sql.charAt(at)
  const quote = openingQuote(sql, at)
  if (quote !== undefined) return ['value', stringEnd(sql, at + quote.length, quote)]
  if (char === '"' || /^u&"/i.test(sql.slice(at, at + 3))) {
    const end = matchEnd(QUOTED_NAME, sql, sql.indexOf('"', at))
    return end === undefined ? ['value', sql.length] : ['name', end]
  }
  if (char === '$') {
    const dollars = matchEnd(DOLLAR_QUOTE, sql, at)
    if (dollars !== undefined) return ['value', endOf(sql, sql.slice(at, dollars), dollars)]
    const parameter = matchEnd(PARAMETER, sql, at)
    return parameter === undefined ? ['sign', at + 1] : ['parameter', parameter]
  }
  if (/\d/.test(char) || (char === '.' && /\d/.test(sql.charAt(at + 1)))) {
    return ['value', matchEnd(NUMBER, sql, at) ?? at + 1]
  }
  const word = matchEnd(WORD, sql, at)
  if (word !== undefined) return ['word', word]
  return ['sign', signEnd(sql, at)]
}

/** `'`, or with a prefix that changes its meaning: `E'`, `U&'`. */
function openingQuote(sql: string, at: number): string | undefined {
  return /^(?:[ebxn]|u&)?'/i.exec(sql.slice(at, at + 3))?.[0]
}

/** Returns the position after the string; it continues on the next line if that begins with a quotation mark. */
function stringEnd(sql: string, from: number, quote: string): number {
  const isEscaped = /^e/i.test(quote)
  let at = from
  for (;;) {
    const char = sql.charAt(at)
    if (char === '') return sql.length
    if (char === '\\' && isEscaped) at += 2
    else if (char !== "'") at += 1
    else if (sql.charAt(at + 1) === "'") at += 2
    else {
      const next = continued(sql, at + 1)
      if (next === undefined) return at + 1
      at = next
    }
  }
}

/** Returns where a string continues: after whitespace with a line break in it, which may also contain `--` comments. */
function continued(sql: string, at: number): number | undefined {
  let end = at
  for (;;) {
    const space = matchEnd(SPACE, sql, end) ?? matchEnd(LINE_COMMENT, sql, end)
    if (space === undefined) break
    end = space
  }
  return sql.charAt(end) === "'" && /[\n\r]/.test(sql.slice(at, end)) ? end + 1 : undefined
}

/** Returns the position after an operator, which ends before a comment, or after any other sign. */
function signEnd(sql: string, at: number): number {
  const end = matchEnd(OPERATOR, sql, at)
  if (end === undefined) return sql.startsWith('::', at) || sql.startsWith(':=', at) ? at + 2 : at + 1
  const comment = sql.slice(at, end).search(/--|\/\*/)
  let operator = sql.slice(at, comment === -1 ? end : at + comment)
  while (operator.length > 1 && /[+-]$/.test(operator) && !UNUSUAL.test(operator)) operator = operator.slice(0, -1)
  return at + operator.length
}

/** Returns the position after whitespace or a comment, which may be nested; `at` itself if there is none. */
function skipSpace(sql: string, at: number): number {
  const simple = matchEnd(SPACE, sql, at) ?? matchEnd(LINE_COMMENT, sql, at)
  if (simple !== undefined) return simple
  if (!sql.startsWith('/*', at)) return at
  const edges = /\/\*|\*\//g
  edges.lastIndex = at
  let depth = 0
  for (let edge = edges.exec(sql); edge; edge = edges.exec(sql)) {
    depth += edge[0] === '/*' ? 1 : -1
    if (depth === 0) return edges.lastIndex
  }
  return sql.length
}

function matchEnd(pattern: RegExp, sql: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(sql) && pattern.lastIndex > at ? pattern.lastIndex : undefined
}

/** Returns the position after the next `text`, or the end of the input if there is none. */
function endOf(sql: string, text: string, from: number): number {
  const start = sql.indexOf(text, from)
  return start === -1 ? sql.length : start + text.length
}
