import type { Schema } from '../schema/facts.js'
import { relationName } from '../sql/names.js'
import type { Statement } from '../sql/parse.js'
import { asKind } from '../sql/walk.js'
import { droppedIndexes } from './clean.js'
import { created, titleOf } from './created-index.js'
import { type Draft, piece } from './draft.js'
import { indexPartitions } from './partitions.js'

interface Split {
  readonly up: readonly Statement[]
  readonly down: readonly Statement[]
  /** Before and after the rest. */
  readonly before: readonly Draft[]
  readonly after: readonly Draft[]
}

/**
 * Moves the indexes of existing tables out of a script and its reverse: created as Prisma writes it, an index blocks
 * all writes to its table until it is done, and dropped that way, it waits for everyone.
 */
export function splitIndexes(up: readonly Statement[], down: readonly Statement[], schema: Schema): Split {
  const before: Draft[] = []
  const after: Draft[] = []
  const taken = new Set<Statement>()
  const kept = up.flatMap((statement): Statement[] => {
    const made = asKind(statement.node, 'IndexStmt')
    const table = schema.tables.get(relationName(made?.relation))
    const back = made && down.find((each) => droppedIndexes(each).includes(made.idxname ?? ''))
    if (made?.idxname !== undefined && table && back) {
      if (table.shape.isPartitioned) {
        after.push(...indexPartitions(made.idxname, statement.text, table.name, schema))
        return [{ ...statement, text: statement.text.replace(' ON ', ' ON ONLY ') }]
      }
      taken.add(back)
      after.push(created(made.idxname, statement.text, back.text))
      return []
    }
    const [gone] = droppedIndexes(statement)
    const again = down.find(({ node }) => gone !== undefined && asKind(node, 'IndexStmt')?.idxname === gone)
    const owner = schema.tables.get(relationName(asKind(again?.node, 'IndexStmt')?.relation))
    if (gone === undefined || !again || !owner || owner.shape.isPartitioned) return [statement]
    taken.add(again)
    before.push(dropped(gone, statement.text, again.text))
    return []
  })
  return { up: kept, down: down.filter((statement) => !taken.has(statement)), before, after }
}

const dropped = (index: string, up: string, down: string): Draft => ({
  title: `drop_${titleOf(index)}`,
  purpose: `Without the index ${index}.`,
  up: [piece(up.replace(/^DROP INDEX/i, 'DROP INDEX CONCURRENTLY'))],
  down: [piece(down)],
  isSingle: true,
})
