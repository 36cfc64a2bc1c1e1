import { MASK, redactUserinfo } from './redact-url.js'
import { isSecretHeader, isSecretName } from './secret-names.js'

/**
 * Masks the secrets in an external text: the passwords of URLs, values after a name that marks a secret (`PGPASSWORD=`,
 * `"secretKey": "..."`, `--token ...`, `PASSWORD '...'`, `Authorization: ...`), and values that are secrets by their
 * form (a bearer token, a private key). Prefers masking too much to masking too little.
 */
export function redactText(text: string): string {
  return redactForms(redactNamed(redactUserinfo(text)))
}

/** A name, and the characters between it and its value. A quotation mark may be escaped, for JSON in JSON. */
const NAME =
  /(?:(?<![\w$.-])|(?<=%[\da-f]{2}))(?<option>--?)?(?<name>[a-z_$][\w$.-]*)(?<lead>\\*["'`]?\]?\s{0,20}(?:=>|:=|=|:(?!\/\/)|%3D)\s{0,20}|\s+)?/gi

/** A part of every secret's name and of every form below: most texts contain neither and need no further check. */
const MAY_NAME = /passw|passphrase|secret|credential|token|signature|authorization|cookie|key|pass|pwd|pw|jwt|sig/i
const MAY_BE = /bearer|eyJ|AKIA|ASIA|gh[opusr]_|github_pat_|npm_|k_live_|k_test_|xox|-----BEGIN|@/i

function redactNamed(text: string): string {
  if (!MAY_NAME.test(text)) return text
  let result = ''
  let from = 0
  const names = new RegExp(NAME)
  for (let found = names.exec(text); found; found = names.exec(text)) {
    const { option, name = '', lead } = found.groups ?? {}
    const start = names.lastIndex
    const end =
      lead !== undefined && isSecretName(name)
        ? valueEnd(text, start, { name, lead, isOption: option !== undefined })
        : start
    if (end === start) continue
    const quote = openingQuote(text, start)
    result += `${text.slice(from, start)}${quote}${MASK}${closing(quote)}`
    from = end
    names.lastIndex = end
  }
  return result + text.slice(from)
}

interface Named {
  readonly name: string
  readonly lead: string
  readonly isOption: boolean
}

/** The end of the value that begins at `start`; `start` if there is nothing to mask. */
function valueEnd(text: string, start: number, { name, lead, isOption }: Named): number {
  const quote = openingQuote(text, start)
  const isPair = lead.trim() !== ''
  if (!isPair && !isOption && (quote === '' || !/passw|secret|passphrase/i.test(name))) return start // `the password of`
  if (quote !== '') return closingQuote(text, start + quote.length, quote)
  if (isSecretHeader(name)) return match(/[^\n"]*/y, text, start)
  if (text[start] === '[') return match(/\[[^\]]*\]?/y, text, start)
  if (NO_VALUE.test(text.slice(start, start + 10))) return start
  // A comma, and anything else that is not followed by another pair, may belong to the password.
  return match(/(?:[^\s"&;%]|[&;](?![\w%.-]+=|\s|$)|%(?!26[\w.-]+(?:=|%3D)))*/y, text, start)
}

function match(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start
  pattern.exec(text)
  return Math.max(start, pattern.lastIndex)
}

/** The secrets are nested and already masked, or this is prose. */
const NO_VALUE = /^(?:\{|\*\*\*|(?:null|undefined|true|false|is|was|must|may|not|has|cannot|needs|requires)\b)/

/** `'`, `"`, a backtick, the same escaped, `E'`, or `$$` and `$tag$` of SQL. */
function openingQuote(text: string, start: number): string {
  return /^(?:\\*["'`]|[EU]&?'|\$\w*\$)/.exec(text.slice(start, start + 40))?.[0] ?? ''
}

const closing = (opening: string): string => opening.replace(/^[EU]&?/, '')

/**
 * The position after the closing quote, which is neither escaped nor doubled. Without one the value was cut off, and
 * ends with the text.
 */
function closingQuote(text: string, start: number, opening: string): number {
  const quote = closing(opening)
  for (let at = text.indexOf(quote, start); at !== -1; at = text.indexOf(quote, at + quote.length)) {
    const backslashes = /\\*$/.exec(text.slice(Math.max(start, at - 20), at))?.[0].length ?? 0
    if (quote === "'" && text[at + 1] === "'") at += 1
    else if (quote.startsWith('$') || backslashes % 2 === 0) return at + quote.length
  }
  return text.length
}

/** Secrets recognizable by their form. */
const FORMS: readonly (readonly [form: RegExp, shown: string])[] = [
  [/\b(bearer)\s+(?!tokens?\b)[\w.~+/=-]+/gi, `$1 ${MASK}`],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, MASK], // a JSON web token
  [/\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g, MASK],
  [/\b(?:gh[opusr]_|github_pat_|npm_|[rs]k_(?:live|test)_|xox[abeprs]-)[\w-]{10,}/g, MASK],
  [/(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?=-----END|$)/g, `$1${MASK}`],
  // `app:password@host` without a scheme; not what follows a `:` in a web address, a path or a line number.
  [/(?<![\w/.+-])(?!mailto:)([\w.+-]{1,100}):(?![\\/@])[^\s"'`]{1,200}@(?=[\w[])/g, `$1:${MASK}@`],
]

const redactForms = (text: string): string =>
  MAY_BE.test(text) ? FORMS.reduce((left, [form, shown]) => left.replaceAll(form, shown), text) : text
