import type { TableName } from '../../src/schema/tables.generated.js'
import type { Verb } from './access.js'

/** Who may do what with a table of the product's own machinery: with all rows of it, or with none. */
export interface MachineryAccess {
  /** What is meant, in a sentence. */
  readonly meaning: string
  /** What a person may do, of either kind. */
  readonly people?: readonly Verb[]
  /** Columns that people may give a new row. */
  readonly insertColumns?: readonly string[]
  readonly service: readonly Verb[]
}

/** Tables that Prisma's client does not have (`@@ignore`). docs/reference/who-can-do-what.md is made from this, too. */
export const machinery = {
  outbox: {
    meaning:
      'People write effects that are open to them, under their own name and keys, and read none. Who wrote a row, its partition and its position come from the trigger.',
    people: ['insert'],
    insertColumns: ['id', 'key', 'topic', 'version', 'payload', 'due_at'],
    service: ['select', 'insert', 'update', 'delete'],
  },
  outbox_dead: {
    meaning: 'Effects that were given up, for the service alone.',
    service: ['select', 'insert', 'update', 'delete'],
  },
  outbox_partitions: {
    meaning: 'Which relay works on what, for the service alone, which makes and removes none.',
    service: ['select', 'update'],
  },
  outbox_topics: {
    meaning: 'What is open to people: everybody reads it, only the owner of the tables writes it.',
    people: ['select'],
    service: ['select'],
  },
  commit_marks: {
    meaning: 'Marks of commits: written by two functions, and removed by the service.',
    service: ['select', 'update', 'delete'],
  },
  stream_shards: {
    meaning: 'Where consumers of streams stand, for the service alone.',
    service: ['select', 'insert', 'update', 'delete'],
  },
  stream_dead: {
    meaning: 'Records of streams that could not be handled, for the service alone.',
    service: ['select', 'insert', 'update', 'delete'],
  },
  erasures: {
    meaning: 'Whose data were erased, by a hash: the service adds to it, only the owner of the tables takes from it.',
    service: ['select', 'insert', 'update'],
  },
  restores: {
    meaning: 'That the store was restored from a backup: the service waits for its end, the owner writes it.',
    service: ['select'],
  },
  backup_drills: {
    meaning: 'What trying backups has found: the service reads it, the owner writes it.',
    service: ['select'],
  },
} as const satisfies Partial<Record<TableName, MachineryAccess>>

/** One of them. */
export type MachineryTable = keyof typeof machinery
