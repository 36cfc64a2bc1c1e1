import { MigrationError } from '../errors/migration-error.js'
import { NOT_UTF8, type NotPlain, notPlainSql } from '../sql/not-plain.js'
import { parseSql, type Statement } from '../sql/parse.js'
import { endsTransaction } from '../sql/plpgsql.js'
import { asKind } from '../sql/walk.js'
import { isNotTransactional, isTransactionControl } from './classify.js'
import { readDirectives } from './directives.js'

/**
 * Refuses a script that could not be applied as it would be recorded: atomically. Whether its statements are valid is
 * left to the server.
 * @param file such as `migration.sql of 1_init`, for the message.
 * @throws {MigrationError} `migrate.not_plain_sql`, `migrate.not_whole`, `migrate.directive_invalid`
 */
export async function checkWhole(script: string, file: string): Promise<void> {
  checkPlain(script, file)
  readDirectives(script, file)
  const statements = await parseSql(script).catch(() => []) // the server reports what is wrong with it
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
 * Refuses a script that is not meant for the server, or that the server could not read.
 * @throws {MigrationError} `migrate.not_plain_sql`
 */
export function checkPlain(script: string, file: string): void {
  const foreign = notPlainSql(script)
  if (foreign) throw notPlain(file, foreign)
}

/**
 * Refuses a migration with a file that lost characters when it was read.
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
        "would end the script's transaction, so that part of it is applied or not while it is recorded as a whole",
      remedy: 'remove it: a script already is one transaction',
    }
  }
  if (endsTransaction(statement.node)) {
    return {
      problem: 'ends a transaction in its block, so part of the script may stay when the rest fails',
      remedy: 'remove COMMIT and ROLLBACK from it',
    }
  }
  if (statements.length > 1 && isNotTransactional(statement)) {
    return {
      problem: 'cannot run in a transaction, and several statements are one',
      remedy:
        'make it the only statement of a separate migration, with `-- @limits lock_timeout=5s statement_timeout=1h` in its first line',
    }
  }
  return undefined
}

/** Every BEGIN with its COMMIT, if there is no other transaction statement in between. */
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
 * would commit what precedes them, and leave it applied when what follows fails. Every other character keeps its
 * position.
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
 * Whether a script is one statement that might end its own transaction undetected: it then needs a transaction around
 * it.
 */
export async function isOneCall(script: string): Promise<boolean> {
  if (!/\b(call|do)\b/i.test(script)) return false
  const [statement, ...others] = await parseSql(script).catch(() => [])
  return statement !== undefined && others.length === 0 && ('CallStmt' in statement.node || 'DoStmt' in statement.node)
}

/** A statement on one line of a message. */
export const shorten = (text: string): string =>
  (text.length > 80 ? `${text.slice(0, 77)}...` : text).replaceAll(/\s+/g, ' ')
