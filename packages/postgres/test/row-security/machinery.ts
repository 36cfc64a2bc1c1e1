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
      'Users write effects that are open to them, under their own identity and keys, and read none. The trigger sets the writer, the partition and the position of a row.',
    people: ['insert'],
    insertColumns: ['id', 'key', 'topic', 'version', 'payload', 'due_at'],
    service: ['select', 'insert', 'update', 'delete'],
  },
  outbox_dead: {
    meaning: 'Effects that failed permanently. Only for the service.',
    service: ['select', 'insert', 'update', 'delete'],
  },
  outbox_partitions: {
    meaning: 'The partition that each relay works on. Only for the service, which adds and removes no row.',
    service: ['select', 'update'],
  },
  outbox_topics: {
    meaning: 'The effects that are open to users: everybody reads it, only the owner of the tables writes it.',
    people: ['select'],
    service: ['select'],
  },
  commit_marks: {
    meaning: 'Marks of commits: written by two functions, and removed by the service.',
    service: ['select', 'update', 'delete'],
  },
  stream_shards: {
    meaning: 'The positions of stream consumers. Only for the service.',
    service: ['select', 'insert', 'update', 'delete'],
  },
  stream_dead: {
    meaning: 'Stream records that could not be processed. Only for the service.',
    service: ['select', 'insert', 'update', 'delete'],
  },
  erasures: {
    meaning: 'Erased users, by a hash: the service adds rows, only the owner of the tables removes them.',
    service: ['select', 'insert', 'update'],
  },
  restores: {
    meaning: 'Marks a store that was restored from a backup: the service waits for its end, the owner writes it.',
    service: ['select'],
  },
  backup_drills: {
    meaning: 'Results of restore drills: the service reads them, the owner writes them.',
    service: ['select'],
  },
} as const satisfies Partial<Record<TableName, MachineryAccess>>

/** One of them. */
export type MachineryTable = keyof typeof machinery
