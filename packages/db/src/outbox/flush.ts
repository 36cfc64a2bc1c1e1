import type { Identity } from '@miyabi/postgres'

/** An effect in the form of its row. */
export interface StoredEffect {
  readonly id: string
  readonly key: string | undefined
  readonly topic: string
  readonly version: number
  /** JSON. */
  readonly payload: string
  readonly dueAt: string | undefined
}

/**
 * All effects of a transaction in one statement. In the order of the locks that the trigger takes: otherwise two
 * transactions that share keys would wait for each other.
 */
const INSERT = `INSERT INTO outbox (id, key, topic, version, payload, due_at)
SELECT id, key, topic, version, payload, coalesce(due_at, current_instant())
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::json[], $6::timestamptz[])
       WITH ORDINALITY AS e (id, key, topic, version, payload, due_at, n)
 ORDER BY hashtextextended($7 || key, 7213), n`

/** The prefix that the trigger adds to a user's keys. */
const prefixOf = (identity: Identity | 'service'): string =>
  identity === 'service'
    ? ''
    : identity.userId === undefined
      ? `web_user:${identity.webUserId}:`
      : `user:${identity.userId}:`

/** The statement that writes effects into the outbox. */
export function flushOf(
  effects: readonly StoredEffect[],
  identity: Identity | 'service',
): { readonly text: string; readonly values: readonly unknown[] } {
  const column = <Name extends keyof StoredEffect>(name: Name) => effects.map((effect) => effect[name] ?? null)
  return {
    text: INSERT,
    values: [
      ...(['id', 'key', 'topic', 'version', 'payload', 'dueAt'] as const).map(column),
      prefixOf(identity).toLowerCase(),
    ],
  }
}
