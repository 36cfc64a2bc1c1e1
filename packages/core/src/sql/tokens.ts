/** What a token of SQL is, as far as values are told from the rest. */
export type TokenKind =
  /** A number, a string of any form, and whatever cannot be read to its end. */
  | 'value'
  /** `$1`. */
  | 'parameter'
  /** A keyword, or a name without quotation marks. */
  | 'word'
  /** A name in quotation marks. */
  | 'name'
  /** An operator, a bracket, a comma. */
  | 'sign'

export interface Token {
  readonly kind: TokenKind
  /** As it was written. */
  readonly text: string
  /** Whether white space or a comment stood in front of it. */
  readonly isApart: boolean
}

/**
 * The tokens of a text of PostgreSQL's SQL, without comments, by the rules of its own lexer (`scan.l`) with
 * `standard_conforming_strings` on, as it is by default. Takes any text, also one that the server refuses: what is not
 * closed goes to the end as one value, and what is stuck to a number belongs to it.
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
/** PostgreSQL takes no longer ones. */
const OPERATOR = /[~!@#^&|`?+\-*/%<>=]{1,63}/y
/** Only with one of these may an operator of several characters end in a sign. */
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

/** `'`, or with the letters that change what follows: `E'`, `U&'`. */
function openingQuote(sql: string, at: number): string | undefined {
  return /^(?:[ebxn]|u&)?'/i.exec(sql.slice(at, at + 3))?.[0]
}

/** Behind the string; it goes on in the next line if that begins with a quotation mark. */
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

/** Where a string goes on: behind white space with a line's end in it, in which `--` comments may stand, too. */
function continued(sql: string, at: number): number | undefined {
  let end = at
  for (;;) {
    const space = matchEnd(SPACE, sql, end) ?? matchEnd(LINE_COMMENT, sql, end)
    if (space === undefined) break
    end = space
  }
  return sql.charAt(end) === "'" && /[\n\r]/.test(sql.slice(at, end)) ? end + 1 : undefined
}

/** Behind an operator, which ends before a comment; behind any other sign. */
function signEnd(sql: string, at: number): number {
  const end = matchEnd(OPERATOR, sql, at)
  if (end === undefined) return sql.startsWith('::', at) || sql.startsWith(':=', at) ? at + 2 : at + 1
  const comment = sql.slice(at, end).search(/--|\/\*/)
  let operator = sql.slice(at, comment === -1 ? end : at + comment)
  while (operator.length > 1 && /[+-]$/.test(operator) && !UNUSUAL.test(operator)) operator = operator.slice(0, -1)
  return at + operator.length
}

/** Behind white space or a comment, which may hold others; `at` itself if there is none. */
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

/** Behind the next `text`, or the end of all where there is none. */
function endOf(sql: string, text: string, from: number): number {
  const start = sql.indexOf(text, from)
  return start === -1 ? sql.length : start + text.length
}
