/** Facts read from the text of a statement, from limited sets of words. */
export interface TextFacts {
  /** `SELECT`, `INSERT` ...: one of OPERATIONS, or `other`. */
  readonly operation: string
  /** The table that it reads or writes first, if that is one of the schema. */
  readonly collection: string | undefined
  /** Whether it starts or ends a transaction, or a part of one. */
  readonly isOfTransaction: boolean
}

/** The tables that are reported by name. */
export interface KnownTables {
  readonly tables: ReadonlySet<string>
  /** The schema that contains them. */
  readonly schema: string
}

const OF_TRANSACTIONS: ReadonlySet<string> = new Set(['BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE'])
const SAME: Readonly<Record<string, string>> = { START: 'BEGIN', END: 'COMMIT', ABORT: 'ROLLBACK', TABLE: 'SELECT' }
/** The words that PostgreSQL statements start with. */
const OPERATIONS: ReadonlySet<string> = new Set(
  `SELECT INSERT UPDATE DELETE MERGE VALUES COPY TRUNCATE BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE PREPARE EXECUTE
   DEALLOCATE DECLARE FETCH MOVE CLOSE LOCK SET RESET SHOW DISCARD LISTEN UNLISTEN NOTIFY CALL DO EXPLAIN ANALYZE VACUUM
   CREATE ALTER DROP COMMENT GRANT REVOKE REASSIGN REFRESH REINDEX CLUSTER CHECKPOINT IMPORT LOAD SECURITY`.split(
    /\s+/,
  ),
)
/** The words before the table's name, by operation. */
const BEFORE_TABLE: Readonly<Record<string, string>> = {
  SELECT: 'FROM',
  INSERT: 'INTO',
  UPDATE: 'UPDATE',
  DELETE: 'FROM',
  MERGE: 'INTO',
  COPY: 'COPY',
  TRUNCATE: 'TRUNCATE',
  LOCK: 'LOCK',
}
const BESIDE_NAMES: ReadonlySet<string> = new Set(['ONLY', 'TABLE', 'LATERAL'])

/** Skipped text (comments, strings), words, quoted names, and every other character. */
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|"((?:[^"]|"")*)"|[^\s]/g
/** Lists of columns are shorter; anything later is not worth parsing. */
const MAX_TOKENS = 5000

interface Token {
  readonly kind: 'word' | 'name' | 'sign'
  readonly text: string
}

/** Parses a text as far as needed. */
export function textFacts(text: string, known: KnownTables): TextFacts {
  const tokens = tokensOf(text)
  const operation = operationIn(tokens)
  const word = BEFORE_TABLE[operation]
  return {
    operation,
    collection: word === undefined ? undefined : tableAfter(word, operation, tokens, known),
    isOfTransaction: OF_TRANSACTIONS.has(operation),
  }
}

function* tokensOf(text: string): Generator<Token> {
  let count = 0
  for (const [whole, , word, name] of text.matchAll(TOKEN)) {
    count += 1
    if (count > MAX_TOKENS) return
    if (word !== undefined) yield { kind: 'word', text: word }
    else if (name !== undefined) yield { kind: 'name', text: name.replaceAll('""', '"') }
    else if (whole.length === 1) yield { kind: 'sign', text: whole }
  }
}

/** For WITH, the operation of the statement after it, which starts outside of all brackets. */
function operationIn(tokens: Generator<Token>): string {
  let depth = 0
  let isWith = false
  for (let next = tokens.next(); !next.done; next = tokens.next()) {
    const { kind, text } = next.value
    if (text === '(') depth += 1
    else if (text === ')') depth -= 1
    if (kind !== 'word' || (isWith && depth > 0)) continue
    const upper = text.toUpperCase()
    if (upper === 'WITH') isWith = true
    else if (!isWith || BEFORE_TABLE[upper] !== undefined || upper === 'VALUES') {
      const operation = SAME[upper] ?? upper
      return OPERATIONS.has(operation) ? operation : 'other'
    }
  }
  return 'other'
}

/** The name after the word; for a selection from a bracketed query, the table in it. */
function tableAfter(
  word: string,
  operation: string,
  tokens: Generator<Token>,
  { tables, schema }: KnownTables,
): string | undefined {
  let depth = 0
  let isNext = operation === word
  let name: string | undefined
  let place: string | undefined
  let isQualified = false
  for (let next = tokens.next(); !next.done; next = tokens.next()) {
    const { kind, text } = next.value
    if (name !== undefined) {
      if (text === '.') isQualified = true
      else if (isQualified) {
        place = name
        name = kind === 'sign' ? undefined : text
        isQualified = false
      } else break
      continue
    }
    if (text === '(' && !isNext) depth += 1
    else if (text === ')' && !isNext) depth -= 1
    if (kind === 'sign') continue
    const upper = kind === 'word' ? text.toUpperCase() : undefined
    if (!isNext) isNext = upper === word && depth <= 0
    else if (upper === 'SELECT') isNext = false
    else if (upper === undefined || !BESIDE_NAMES.has(upper)) name = kind === 'word' ? text.toLowerCase() : text
  }
  return name !== undefined && tables.has(name) && (place === undefined || place === schema) ? name : undefined
}
