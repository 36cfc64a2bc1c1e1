/** Why a text is not SQL that the server accepts, although it may look like it. */
export interface NotPlain {
  /** From 1. */
  readonly line: number
  /** What it is and what to do, for display. */
  readonly problem: string
}

const BOM = '\uFEFF'
const SAVE_AS = 'Save the file as UTF-8 without a byte order mark.'

/** The message for a file that is not UTF-8. */
export const NOT_UTF8 = `it is not UTF-8: some of its characters would be lost. ${SAVE_AS}`

/**
 * What is ignored (comments, quoted texts and names, dollar-quoted bodies), words, what psql interprets itself, the
 * rest.
 */
const TOKEN =
  /--[^\n\r]*|\/\*|e'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?:[a-z_\u0080-\uFEFE][\w\u0080-\uFEFE]*)?\$|[a-z_\u0080-\uFEFE][\w$\u0080-\uFEFE]*|\\[^\s\\;]*|./gisu

/**
 * Finds what PostgreSQL cannot be sent: encodings other than UTF-8, a byte order mark, commands of psql (as pg_dump
 * writes them since August 2025) and the rows that psql sends after COPY. The server's own message for it, `syntax
 * error at or near "\"`, is not helpful.
 */
export function notPlainSql(text: string): NotPlain | undefined {
  if (text.includes('\0') || text.startsWith('\uFFFD\uFFFD')) {
    return { line: 1, problem: `it is UTF-16, as Windows PowerShell's > writes it, not UTF-8. ${SAVE_AS}` }
  }
  if (text.startsWith(BOM)) {
    return {
      line: 1,
      problem: `it begins with a byte order mark, an invisible character that PostgreSQL treats as part of the first word. ${SAVE_AS}`,
    }
  }
  if (!/\\|\uFEFF|\bstdin\b/i.test(text)) return undefined // which is true of nearly all, and cheap to check
  return inTokens(text)
}

function inTokens(text: string): NotPlain | undefined {
  let words: string[] = [] // of the current statement
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [token] = match
    const at = (problem: string): NotPlain => ({ line: text.slice(0, match.index).split('\n').length, problem })
    if (token === '/*') TOKEN.lastIndex = endOfComment(text, match.index)
    else if (token.startsWith('$') && token.endsWith('$') && token.length > 1) {
      const end = text.indexOf(token, TOKEN.lastIndex)
      if (end !== -1) TOKEN.lastIndex = end + token.length
    } else if (token === BOM) {
      return at(
        `it has a byte order mark, an invisible character, in the middle, as in files that were joined. ${SAVE_AS}`,
      )
    } else if (token.startsWith('\\')) {
      return at(
        `\`${token}\` is a command of psql, which PostgreSQL does not support${/^\\(un)?restrict$/.test(token) ? '; pg_dump writes it' : ''}. Remove each line that begins with a backslash${/^\\(un)?restrict$/.test(token) ? ", or write the dump with --schema-only and filter it: grep -v '^\\\\'" : ''}.`,
      )
    } else if (token === ';') words = []
    else if (/^\w/.test(token)) {
      words.push(token.toLowerCase())
      if (words[0] === 'copy' && words.at(-2) === 'from' && words.at(-1) === 'stdin') {
        return at(
          'COPY ... FROM stdin takes its rows from psql, which is not used here. Write INSERT statements (pg_dump --inserts), or omit the rows (pg_dump --schema-only).',
        )
      }
    }
  }
  return undefined
}

/** Where a comment ends, including nested ones; the end of the text, if it does not end. */
function endOfComment(text: string, start: number): number {
  const marks = /\/\*|\*\//g
  marks.lastIndex = start
  let depth = 0
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return text.length
}
