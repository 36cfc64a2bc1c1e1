import { textsOf } from '../sql/names.js'
import type { Statement } from '../sql/parse.js'
import { asKind } from '../sql/walk.js'
import type { Draft } from './draft.js'

/**
 * Moves the values that are added to enums into a separate migration, before the rest: PostgreSQL refuses a value that
 * is used in the transaction that adds it. Its reverse recreates the type, which Prisma has written in one block.
 * @param back as Prisma wrote it, with the BEGIN and COMMIT around each such block.
 */
export function splitEnumValues(
  name: string,
  up: readonly Statement[],
  back: readonly Statement[],
): { readonly values: Draft | undefined; readonly up: readonly Statement[]; readonly down: readonly Statement[] } {
  const added = up.filter(({ node }) => asKind(node, 'AlterEnumStmt')?.newVal !== undefined)
  const rest = up.filter((statement) => !added.includes(statement))
  const types = added.map(({ node }) => textsOf(asKind(node, 'AlterEnumStmt')?.typeName).at(-1) ?? '')
  const blocks = blocksOf(back).filter((block) => types.some((type) => makesAnew(block, type)))
  if (rest.length === 0 || blocks.length === 0) return { values: undefined, up, down: back }
  const own = blocks.flat()
  const values = { title: `${name}_values`, purpose: `Values for ${types.join(', ')}.`, up: added, down: own }
  return { values, up: rest, down: back.filter((statement) => !own.includes(statement)) }
}

/** What is between BEGIN and COMMIT. */
function blocksOf(statements: readonly Statement[]): Statement[][] {
  const blocks: Statement[][] = []
  let block: Statement[] | undefined
  for (const statement of statements) {
    const kind = asKind(statement.node, 'TransactionStmt')?.kind
    if (kind === 'TRANS_STMT_BEGIN') block = []
    else if (kind === 'TRANS_STMT_COMMIT') {
      if (block) blocks.push(block)
      block = undefined
    } else block?.push(statement)
  }
  return blocks
}

const makesAnew = (block: readonly Statement[], type: string): boolean =>
  block.some(({ node }) => textsOf(asKind(node, 'CreateEnumStmt')?.typeName).at(-1) === `${type}_new`)
