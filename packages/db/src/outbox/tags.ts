import type { CacheTag, TableName } from '@miyabi/postgres'
import { CacheError } from '../errors/cache-error.js'

export type { CacheTag }

/** Tags that an application cannot make. */
export type OwnTag = `user:${string}` | `web_user:${string}` | 'service' | 'all'

const MAX_BYTES = 500

function checked<Tag extends CacheTag>(made: Tag): Tag {
  if (isSendable(made)) return made
  throw new CacheError(
    'db.cache.invalid',
    `The tag is invalid; expected at most ${MAX_BYTES} bytes without zero bytes or line breaks`,
    {
      details: { argument: 'tag' },
    },
  )
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** As the server writes it. */
const textOf = (id: string | number | bigint): string =>
  typeof id === 'string' && UUID.test(id) ? id.toLowerCase() : String(id)

/**
 * Makes tags.
 *
 * - `tag.row('plugins', id)` and `tag.table('plugins')` are raised by the database, whichever client writes, once the
 *   owner has enabled that: `SELECT cache_tags('plugins')`, in a migration.
 * - `tag.of('catalog')` is raised only by `outbox.invalidate`.
 */
export const tag = {
  /** One row, by the text of its primary key. */
  row: (table: TableName, id: string | number | bigint): CacheTag => checked(`row:${table}:${textOf(id)}`),
  /** All rows of a table. */
  table: (table: TableName): CacheTag => checked(`table:${table}`),
  /** A subject that the application defines. */
  of: (name: string, id?: string | number | bigint): CacheTag =>
    checked(id === undefined ? `app:${name}` : `app:${name}:${id}`),
} as const

/** Whether a string is a tag that an application makes, by `tag` or as a literal. */
export const isTag = (value: unknown): value is CacheTag =>
  typeof value === 'string' && /^(row|table|app):./.test(value) && isSendable(value)

/** Whether PostgreSQL keeps it, and a list of them takes a line for each. */
function isSendable(text: string): boolean {
  const isShort = text.length * 3 <= MAX_BYTES || Buffer.byteLength(text) <= MAX_BYTES
  return isShort && !/[\0\n]|\p{Surrogate}/u.test(text)
}

/** The table of a tag that the database raises. */
export const tableOf = (value: CacheTag): string | undefined =>
  value.startsWith('app:') ? undefined : value.split(':')[1]
