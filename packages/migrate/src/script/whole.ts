import { MigrationError } from '../errors/migration-error.js'
import { NOT_UTF8, type NotPlain, notPlainSql } from '../sql/not-plain.js'
import { parseSql, type Statement } from '../sql/parse.js'
import { endsTransaction } from '../sql/plpgsql.js'
import { asKind } from '../sql/walk.js'
import { isNotTransactional, isTransactionControl } from './classify.js'
import { readDirectives } from './directives.js'

/**
 * Refuses a script that could not be applied as what is recorded of it: as a whole, or not at all. Whether the server
 * likes its statements is the server's to say.
 * @param file such as `migration.sql of 1_init`, for the message.
 * @throws {MigrationError} `migrate.not_plain_sql`, `migrate.not_whole`, `migrate.directive_invalid`
 */
export async function checkWhole(script: string, file: string): Promise<void> {
  checkPlain(script, file)
  readDirectives(script, file)
  const statements = await parseSql(script).catch(() => []) // what is wrong with it, the server says
  const pairs = new Set(transactionPairs(statements).flat())
  for (const statement of statements) {
    const found = problemOf(statement, statements, pairs)
    if (found === undefined) continue
    const { problem, remedy } = found
    throw new MigrationError(
      'migrate.not_whole',
      `${file}, line ${statement.line}: \`${shorten(statement.text)}\` ${problem}`,
      { details: { file, line: statement.line }, remedy },
    )
  }
}

/**
 * Refuses a script that is not meant for the server, or that it could not read.
 * @throws {MigrationError} `migrate.not_plain_sql`
 */
export function checkPlain(script: string, file: string): void {
  const foreign = notPlainSql(script)
  if (foreign) throw notPlain(file, foreign)
}

/**
 * Refuses a migration with a file of which some characters were lost when it was read.
 * @throws {MigrationError} `migrate.not_plain_sql`
 */
export function checkUtf8({ name, notUtf8 }: { readonly name: string; readonly notUtf8: readonly string[] }): void {
  const [file] = notUtf8
  if (file !== undefined) throw notPlain(`${file} of ${name}`, { line: 1, problem: NOT_UTF8 })
}

const notPlain = (file: string, { line, problem }: NotPlain): MigrationError =>
  new MigrationError('migrate.not_plain_sql', `${file}, line ${line}: ${problem}`, { details: { file, line } })

function problemOf(
  statement: Statement,
  statements: readonly Statement[],
  pairs: ReadonlySet<Statement>,
): { readonly problem: string; readonly remedy: string } | undefined {
  if (isTransactionControl(statement) && !pairs.has(statement)) {
    return {
      problem:
        'would end the transaction that the script is, so that part of it stays or goes while it is recorded as a whole',
      remedy: 'take it out: a script is one transaction by itself',
    }
  }
  if (endsTransaction(statement.node)) {
    return {
      problem: 'ends a transaction in its block, so that part of the script may stay when the rest fails',
      remedy: 'take COMMIT and ROLLBACK out of it',
    }
  }
  if (statements.length > 1 && isNotTransactional(statement)) {
    return {
      problem: 'cannot run in a transaction, and several statements are one',
      remedy:
        'make it the one statement of a migration of its own, with `-- @limits lock_timeout=5s statement_timeout=1h` in its first line',
    }
  }
  return undefined
}

/** Every BEGIN with the COMMIT that belongs to it, where there is nothing else of the kind in between. */
function transactionPairs(statements: readonly Statement[]): (readonly [Statement, Statement])[] {
  const controls = statements.filter(isTransactionControl)
  const kinds = controls.map(({ node }) => asKind(node, 'TransactionStmt'))
  return controls.flatMap((begin, index) => {
    const commit = controls[index + 1]
    const isBegin = kinds[index]?.kind === 'TRANS_STMT_BEGIN' && kinds[index]?.options === undefined
    const isCommit = kinds[index + 1]?.kind === 'TRANS_STMT_COMMIT' && !kinds[index + 1]?.chain
    return isBegin && isCommit && commit ? [[begin, commit] as const] : []
  })
}

/**
 * The script as it is sent: without BEGIN and COMMIT in pairs, as Prisma writes them around the change of an enum. They
 * would commit what comes before them, and leave it there when what comes after them fails. Every other character stays
 * in its place.
 */
export async function asOneTransaction(script: string): Promise<string> {
  if (!/\b(begin|start)\b/i.test(script)) return script
  const pairs = transactionPairs(await parseSql(script).catch(() => []))
  let whole = script
  for (const { offset, text } of pairs.flat()) {
    whole = whole.slice(0, offset) + ' '.repeat(text.length) + whole.slice(offset + text.length)
  }
  return whole
}

/**
 * Whether a script is one statement that might end its own transaction, out of our sight: it then needs one around it.
 */
export async function isOneCall(script: string): Promise<boolean> {
  if (!/\b(call|do)\b/i.test(script)) return false
  const [statement, ...others] = await parseSql(script).catch(() => [])
  return statement !== undefined && others.length === 0 && ('CallStmt' in statement.node || 'DoStmt' in statement.node)
}

/** A statement on one line of a message. */
export const shorten = (text: string): string =>
  (text.length > 80 ? `${text.slice(0, 77)}...` : text).replaceAll(/\s+/g, ' ')
