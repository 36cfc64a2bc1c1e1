// Longer than other files: one pass over the tokens, in which each step depends on the whole state.
import { type Token, tokensOf } from './tokens.js'

/** The maximum length of a shape, in characters: it must fit into a table of statements and a log line. */
const MAX_SHAPE = 2000
/** How much of a text is read. In every statement observed so far, the rest was a list of values. */
const MAX_TEXT = 2_000_000
/** Depth of nested lists that are still shortened; deeper lists are left as they are. */
const MAX_LISTS = 8

/** How PostgreSQL 18 marks a list of which it shows the first element. */
const MORE = '/*, ... */'

/**
 * Returns the shape of a statement: its text without values and comments, the same for all statements that differ only
 * in values, in the length of an IN list, of an ARRAY, or in the number of rows after VALUES.
 *
 * Values and parameters become `$1`, `$2` ... in the order in which they appear, so that it is SQL that can be planned:
 * `SELECT * FROM users WHERE email = 'a@b.c' AND id IN (3, 7)` becomes `SELECT * FROM users WHERE email = $1 AND id IN
 * ($2 /*, ... *\/)`, the same as PostgreSQL 18 shows in pg_stat_statements. Quoted names stay. Accepts any text; text
 * that is not SQL also yields a shape without values.
 * @param maxLength of the shape, in characters; a longer one ends with an ellipsis. Default 2,000.
 */
export function statementShape(sql: string, maxLength: number = MAX_SHAPE): string {
  const shaper = new Shaper()
  for (const token of tokensOf(sql.slice(0, MAX_TEXT))) shaper.take(token)
  const shape = render(shaper.end())
  return shape.length > maxLength ? `${shape.slice(0, maxLength)}…` : shape
}

type Kept = Pick<Token, 'kind' | 'text' | 'isApart'>

/** An open bracket, or the rows after VALUES, which have no brackets around them. */
interface Frame {
  readonly kind: 'plain' | 'typmod' | 'list' | 'rows'
  /** What closes it. */
  readonly close: string
  /** Start positions of its first and its current element in the output. */
  readonly start: number
  element: number
  /** The shapes of its elements. */
  readonly forms: Set<string>
}

const PAIRS: Readonly<Record<string, string>> = { '(': ')', '[': ']' }
/** Numbers in brackets after these words are part of a type. None of the words may be a function's name. */
const SIZED = new Set('bit char character dec decimal float interval nchar numeric time timestamp varchar'.split(' '))
/** Words that are values when they are a whole list element. */
const CONSTANTS = new Set('default false null true'.split(' '))
/** After these, a minus belongs to the number that follows. */
const BEFORE_NUMBER = new Set(
  'and between by case distinct else from having in is like limit not offset on or over returning select set then to using values when where'.split(
    ' ',
  ),
)
const SETTERS = new Set(['alter', 'set'])
const QUERY = new Set('select table values with'.split(' '))

class Shaper {
  readonly #kept: Kept[] = []
  readonly #frames: Frame[] = []
  /** How many of the frames are lists. */
  #lists = 0
  /** Words that may be a setting's value, which needs no quotation marks: `SET LOCAL name = value`. */
  #setting: 'none' | 'name' | 'value' = 'none'
  /** The first word of the statement. */
  #first: string | undefined
  #afterUnicode = false

  take(token: Token): void {
    if (this.#isEscapeOf(token)) return
    const { text } = token
    const word = token.kind === 'word' ? text.toLowerCase() : ''
    this.#endRows(text)
    if (this.#isSettingValue(token)) return
    if (token.kind === 'value') this.#value(token)
    else if (text in PAIRS) this.#open(token)
    else if (text === ')' || text === ']') this.#close(token)
    else if (text === ',' && this.#frame && isListFrame(this.#frame)) {
      this.#endElement(this.#frame)
      this.#kept.push(token)
    } else this.#kept.push(token)
    this.#afterUnicode = token.kind === 'value' && /^u&/i.test(text)
    this.#first ??= word
    if (text === ';') [this.#setting, this.#first] = ['none', undefined]
    else if (word === 'set' && SETTERS.has(this.#first)) this.#setting = 'name'
    else if (this.#setting === 'name' && (text === '=' || word === 'to')) this.#setting = 'value'
  }

  /** The output at the end of the input: open frames are closed. */
  end(): readonly Kept[] {
    for (let frame = this.#pop(); frame; frame = this.#pop()) this.#endList(frame)
    return this.#kept
  }

  get #frame(): Frame | undefined {
    return this.#frames.at(-1)
  }

  #value(token: Token): void {
    if (this.#frame?.kind === 'typmod' && /^\d{1,4}$/.test(token.text)) this.#kept.push({ ...token, kind: 'word' })
    else this.#kept.push({ ...token, isApart: this.#takeMinus() ?? token.isApart })
  }

  /** Consumes a minus that belongs to the number after it, as PostgreSQL does; returns whether it was written apart. */
  #takeMinus(): boolean | undefined {
    const [before, minus] = [this.#kept.at(-2), this.#kept.at(-1)]
    if (minus?.kind !== 'sign' || minus.text !== '-') return undefined
    const isBinary =
      before !== undefined &&
      (before.kind === 'sign'
        ? before.text === ')' || before.text === ']'
        : before.kind !== 'word' || !BEFORE_NUMBER.has(before.text.toLowerCase()))
    if (isBinary) return undefined
    return this.#kept.pop()?.isApart
  }

  #open(token: Token): void {
    const kind = this.#kindOf(token.text)
    this.#kept.push(token)
    this.#push(kind, PAIRS[token.text] ?? '')
  }

  #kindOf(open: string): Frame['kind'] {
    const previous = this.#word(-1)
    if (open === '(' && previous === 'values' && this.#lists < MAX_LISTS) this.#push('rows', '')
    if (open === '(' && (SIZED.has(previous) || (previous === 'varying' && SIZED.has(this.#word(-2))))) return 'typmod'
    const isInArray = open === '[' && this.#frame?.kind === 'list' && this.#frame.close === ']'
    const isList = (open === '(' && previous === 'in') || (open === '[' && previous === 'array') || isInArray
    return isList && this.#lists < MAX_LISTS ? 'list' : 'plain'
  }

  #close(token: Token): void {
    const frame = this.#frame
    if (frame?.close !== token.text) {
      this.#kept.push(token) // not SQL
      return
    }
    this.#pop()
    this.#endList(frame)
    this.#kept.push(token)
  }

  #endList(frame: Frame): void {
    if (!isListFrame(frame)) return
    if (frame.kind === 'list' && QUERY.has(this.#kept[frame.start]?.text.toLowerCase() ?? '')) return
    this.#endElement(frame)
    if (this.#kept.slice(frame.start).some(isValue)) this.#kept.push({ kind: 'sign', text: MORE, isApart: true })
  }

  /** Drops an element with the shape of an earlier one. */
  #endElement(frame: Frame): void {
    const element = this.#kept.slice(frame.element).map(asValueIfConstant)
    const form = element.map((token) => (isValue(token) ? '?' : token.text)).join(' ')
    const isKnown = frame.forms.has(form)
    // Including the comma before it.
    this.#kept.length = isKnown ? frame.element - 1 : frame.element
    if (!isKnown) for (const token of element) this.#kept.push(token)
    frame.forms.add(form)
    frame.element = this.#kept.length + 1
  }

  /** The rows after VALUES end with the first that is neither a comma nor another row. */
  #endRows(text: string): void {
    const frame = this.#frame
    if (frame?.kind !== 'rows' || text === ',' || text === '(') return
    this.#pop()
    this.#endList(frame)
  }

  /** A string with its own escapes may be followed by the character that starts them. */
  #isEscapeOf({ kind, text }: Token): boolean {
    const previous = this.#kept.at(-1)
    if (this.#afterUnicode && kind === 'word' && text.toLowerCase() === 'uescape') {
      this.#kept.push({ kind: 'word', text, isApart: true })
      this.#afterUnicode = false
      return true
    }
    if (kind !== 'value' || previous?.text.toLowerCase() !== 'uescape') return false
    this.#kept.pop()
    return true
  }

  #isSettingValue(token: Token): boolean {
    if (this.#setting !== 'value' || token.text === ';') return false
    if (token.kind === 'word' || token.kind === 'name') {
      this.#kept.push({ ...token, kind: 'value' })
      return true
    }
    return false
  }

  #word(at: number): string {
    const token = this.#kept.at(at)
    return token?.kind === 'word' ? token.text.toLowerCase() : ''
  }

  #pop(): Frame | undefined {
    const frame = this.#frames.pop()
    if (frame && isListFrame(frame)) this.#lists -= 1
    return frame
  }

  #push(kind: Frame['kind'], close: string): void {
    const start = this.#kept.length
    const frame = { kind, close, start, element: start, forms: new Set<string>() }
    this.#frames.push(frame)
    if (isListFrame(frame)) this.#lists += 1
  }
}

const isListFrame = ({ kind }: Frame): boolean => kind === 'list' || kind === 'rows'

const isValue = ({ kind }: Kept): boolean => kind === 'value' || kind === 'parameter'

/** In a list NULL, TRUE and FALSE count as values if they are the whole element. */
function asValueIfConstant(token: Kept, index: number, element: readonly Kept[]): Kept {
  if (token.kind !== 'word' || !CONSTANTS.has(token.text.toLowerCase())) return token
  const [before, after] = [element[index - 1]?.text ?? ',', element[index + 1]?.text ?? ',']
  const isAlone = /^[,([]$/.test(before) && /^[,)\]]$/.test(after)
  return isAlone ? { ...token, kind: 'value' } : token
}

/** Words, numbers and names that would merge if written side by side; operators likewise. */
const STICKS = /[\w$"'\u0080-\uffff]/
const OPERATES = /[~!@#^&|`?+\-*/%<>=:]/

function render(tokens: readonly Kept[]): string {
  const numbers = new Map<string, number>()
  let values = 0
  let shape = ''
  let last = '' // reading it from the text would copy the text each time
  for (const { kind, text, isApart } of tokens) {
    if (kind === 'parameter' && !numbers.has(text)) numbers.set(text, ++values)
    const shown = kind === 'value' ? `$${++values}` : kind === 'parameter' ? `$${numbers.get(text)}` : text
    shape += spaceBetween(last, shown, isApart) + shown
    last = shown.at(-1) ?? ''
  }
  return shape
}

function spaceBetween(before: string, shown: string, isApart: boolean): '' | ' ' {
  const next = shown.charAt(0)
  if (before === '' || '([.'.includes(before) || ',;)].'.includes(next)) return ''
  if (isApart || before === ',') return ' '
  const isStuck = STICKS.test(before) && STICKS.test(next)
  return isStuck || (OPERATES.test(before) && OPERATES.test(next)) ? ' ' : ''
}
