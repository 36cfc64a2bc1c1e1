import type { Schema } from '../schema/facts.js'
import { relationName } from '../sql/names.js'
import type { Statement } from '../sql/parse.js'
import { asKind } from '../sql/walk.js'
import { droppedIndexes } from './clean.js'
import { type Draft, piece } from './draft.js'

interface Split {
  readonly up: readonly Statement[]
  readonly down: readonly Statement[]
  /** Before and after the rest. */
  readonly before: readonly Draft[]
  readonly after: readonly Draft[]
}

/**
 * Takes the indexes of tables that exist already out of a script and its reverse: made as Prisma writes it, an index
 * keeps everybody from writing to its table until it is done, and dropped so, it waits for everybody.
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
        after.push(...onPartitions(made.idxname, statement.text, table.name, schema))
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

const titleOf = (index: string): string => index.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')

const created = (index: string, up: string, down: string): Draft => ({
  title: titleOf(index),
  purpose: `The index ${index}.`,
  up: [piece(up.replace(/^CREATE (UNIQUE )?INDEX/i, 'CREATE $1INDEX CONCURRENTLY'))],
  down: [piece(down)],
  isSingle: true,
})

const dropped = (index: string, up: string, down: string): Draft => ({
  title: `drop_${titleOf(index)}`,
  purpose: `Without the index ${index}.`,
  up: [piece(up.replace(/^DROP INDEX/i, 'DROP INDEX CONCURRENTLY'))],
  down: [piece(down)],
  isSingle: true,
})

/**
 * PostgreSQL has no CONCURRENTLY for a partitioned table: each partition gets its index so, and that of the whole takes
 * them in.
 */
function onPartitions(index: string, text: string, whole: string, schema: Schema): Draft[] {
  const [, head = '', , tail = ''] =
    /^(CREATE (?:UNIQUE )?INDEX )(?:"[^"]+") ON (?:"[^"]+"\.)?"[^"]+"(.*)$/s.exec(text)?.map(String) ?? []
  const rest = tail === '' ? (/\(.*$/s.exec(text)?.[0] ?? '') : tail
  const partitions = [...schema.tables.values()].filter(({ shape }) => shape.partitionOf === whole)
  if (partitions.length === 0) return []
  const parts = partitions.map(({ name }) => {
    const [space = '', table = ''] = name.split('.')
    const own = `${table}_${index}`.slice(0, 63)
    return { own, place: space === 'public' ? `"${table}"` : `"${space}"."${table}"`, space }
  })
  const make = head === '' ? 'CREATE INDEX ' : head
  const singles = parts.map(({ own, place }) =>
    created(own, `${make}"${own}" ON ${place}${rest}`, `DROP INDEX "${own}"`),
  )
  const attach: Draft = {
    title: `${titleOf(index)}_attached`,
    purpose: `The index ${index} takes in those of the partitions that migrations have made; others: CREATE INDEX CONCURRENTLY, then ATTACH.`,
    up: parts.map(({ own }) => piece(`ALTER INDEX "${index}" ATTACH PARTITION "${own}"`)),
    // An index cannot be detached: all of them are made anew.
    down: [
      piece(`DROP INDEX "${index}"`),
      piece(text.replace(' ON ', ' ON ONLY ')),
      ...parts.map(({ own, place }) => piece(`${make}"${own}" ON ${place}${rest}`)),
    ],
  }
  return [...singles, attach]
}
