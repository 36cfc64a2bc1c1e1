import type { Identity } from '@miyabi/postgres'
import { type EraseHost, type Erasure, erasePerson } from './erase.js'
import { assertErasureKey, markOf, type PersonKind } from './mark.js'

/** The record of an erasure. */
export interface ErasureMark {
  /** HMAC-SHA256 under ERASURE_KEY of the kind and the id of the person, in hex. */
  readonly mark: string
}

/** The person erased by a mark, and the result. */
export type MarkedErasure = Erasure & { readonly identity: Identity }

const PAGE = 1_000

/** Reads the ids of all users of a role, a page at a time. */
async function* idsOf({ service }: EraseHost, table: 'users' | 'web_users'): AsyncGenerator<string> {
  let last = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const { rows }: { readonly rows: readonly { readonly id: string }[] } = await service.query(
      `SELECT id::text AS id FROM ${table} WHERE id > $1::uuid ORDER BY id LIMIT ${PAGE}`,
      [last],
    )
    for (const { id } of rows) yield id
    if (rows.length < PAGE) return
    last = rows.at(-1)?.id ?? last
  }
}

/** Erases every person to whom one of the marks belongs. */
export async function eraseAllMarked(host: EraseHost, marks: Iterable<ErasureMark>): Promise<readonly MarkedErasure[]> {
  assertErasureKey(host.erasureKey)
  const wanted = new Set(Array.from(marks, ({ mark }) => mark))
  const erased: MarkedErasure[] = []
  if (wanted.size === 0) return erased
  const kinds: readonly (readonly [PersonKind, 'users' | 'web_users'])[] = [
    ['user', 'users'],
    ['web_user', 'web_users'],
  ]
  for (const [kind, table] of kinds) {
    for await (const id of idsOf(host, table)) {
      if (!wanted.has(markOf({ kind, id }, host.erasureKey))) continue
      const identity = kind === 'user' ? { userId: id } : { webUserId: id }
      erased.push({ identity, ...(await erasePerson(host, { kind, id }, {})) })
    }
  }
  return erased
}
