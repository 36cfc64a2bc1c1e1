import pg from 'pg'
import type { Schema } from '../schema/facts.js'
import { created, titleOf } from './created-index.js'
import { type Draft, piece } from './draft.js'
import { sqlName } from './roles.js'

/**
 * PostgreSQL has no CONCURRENTLY for a partitioned table: each partition gets its index that way, and the index of the
 * whole table adopts them. Partitions that no migration has created are searched for when it is deployed: an empty one
 * gets its index then. Any other without it is reported with the statement that creates it, since an index of the whole
 * table that lacks one is not valid.
 */
export function indexPartitions(index: string, text: string, whole: string, schema: Schema): Draft[] {
  const [, make = 'CREATE INDEX'] = /^(CREATE (?:UNIQUE )?INDEX) /i.exec(text) ?? []
  // What follows the table: its method, its columns.
  const rest = text.replace(/^.*? ON (?:"(?:[^"]|"")+"\.)?"(?:[^"]|"")+"/s, '')
  const partitions = [...schema.tables.values()].filter(({ shape }) => shape.partitionOf === whole)
  const parts = partitions.map(({ name }) => {
    const [space = '', ...table] = name.split('.')
    const own = `${table.join('.')}_${index}`.slice(0, 63)
    return { own, place: sqlName(name), qualified: sqlName(`${space}.${own}`) }
  })
  const singles = parts.map(({ own, place, qualified }) =>
    created(own, `${make} ${pg.escapeIdentifier(own)} ON ${place}${rest}`, `DROP INDEX ${qualified}`),
  )
  const parent = sqlName(`${whole.split('.')[0]}.${index}`)
  const names = { parent, index, whole: sqlName(whole), make, rest }
  const attach: Draft = {
    title: `${titleOf(index)}_attached`,
    purpose: `The index ${index} adopts those of the partitions.`,
    up: [
      ...parts.map(({ qualified }) => piece(`ALTER INDEX ${parent} ATTACH PARTITION ${qualified}`)),
      piece(takeOthersIn(names), 'Partitions that no migration has created.'),
    ],
    // An index cannot be detached: all of them are created again.
    down: [
      piece(`DROP INDEX ${parent}`),
      piece(text.replace(' ON ', ' ON ONLY ')),
      piece(makeEach(names), 'The index of each partition, as before.'),
    ],
  }
  return [...singles, attach]
}

interface Names {
  readonly parent: string
  readonly index: string
  readonly whole: string
  /** Around the name of an index and its table: `CREATE INDEX`, and `("kind")`. */
  readonly make: string
  readonly rest: string
}

const takeOthersIn = ({ parent, index, whole, make, rest }: Names): string => `DO $$
DECLARE
  part record;
BEGIN
  FOR part IN
    SELECT c.oid::regclass AS place, n.nspname AS space, left(c.relname || ${pg.escapeLiteral(`_${index}`)}, 63) AS own
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE i.inhparent = ${pg.escapeLiteral(whole)}::regclass AND NOT EXISTS (
       SELECT FROM pg_inherits t JOIN pg_index x ON x.indexrelid = t.inhrelid
        WHERE t.inhparent = ${pg.escapeLiteral(parent)}::regclass AND x.indrelid = c.oid)
  LOOP
    IF to_regclass(format('%I.%I', part.space, part.own)) IS NULL AND pg_relation_size(part.place) = 0 THEN
      EXECUTE format('${make} %I ON %s', part.own, part.place) || ${pg.escapeLiteral(rest)};
    ELSIF to_regclass(format('%I.%I', part.space, part.own)) IS NULL THEN
      RAISE EXCEPTION '% has no index %. Make it, which blocks nobody, and deploy again: ${make.replace('INDEX', 'INDEX CONCURRENTLY')} % ON %${rest.replaceAll("'", "''").replaceAll('%', '%%')};',
        part.place, part.own, quote_ident(part.own), part.place;
    END IF;
    EXECUTE format('ALTER INDEX %s ATTACH PARTITION %I.%I', ${pg.escapeLiteral(parent)}, part.space, part.own);
  END LOOP;
END
$$`

const makeEach = ({ index, whole, make, rest }: Names): string => `DO $$
DECLARE
  part record;
BEGIN
  FOR part IN
    SELECT c.oid::regclass AS place, left(c.relname || ${pg.escapeLiteral(`_${index}`)}, 63) AS own
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = ${pg.escapeLiteral(whole)}::regclass
  LOOP
    EXECUTE format('${make} %I ON %s', part.own, part.place) || ${pg.escapeLiteral(rest)};
  END LOOP;
END
$$`
