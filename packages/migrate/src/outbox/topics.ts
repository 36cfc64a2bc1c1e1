import type pg from 'pg'
import { withClient } from '../connection/client.js'
import { toConnectError } from '../connection/connect-error.js'
import { PATIENCE } from '../connection/patience.js'
import { type DatabaseLocation, targetOf } from '../connection/target.js'

/** Which roles may write each topic of the outbox, as the database names them: `user`, `web_user`. */
export type OpenTopics = Readonly<Record<string, readonly string[]>>

/** A topic that is open to other roles than intended. An empty list: to none. */
export interface TopicChange {
  readonly topic: string
  readonly from: readonly string[]
  readonly to: readonly string[]
}

export interface TopicsOptions {
  /** The database of the tables' owner: that of the migrator. */
  readonly database: DatabaseLocation
  /** The topics to open; all others are closed. */
  readonly topics: OpenTopics
  readonly signal?: AbortSignal
}

/** Returns what would have to change so that users may write exactly these topics of the outbox. Changes nothing. */
export function planTopics(options: TopicsOptions): Promise<TopicChange[]> {
  return onTopics(options, false, async (_client, changes) => changes)
}

/** Applies these changes, in one transaction; resolves to what was changed. */
export function applyTopics(options: TopicsOptions): Promise<TopicChange[]> {
  return onTopics(options, true, async (client, changes) => {
    for (const { topic, to } of changes) {
      if (to.length === 0) await client.query('DELETE FROM outbox_topics WHERE topic = $1', [topic])
      else
        await client.query(
          `INSERT INTO outbox_topics (topic, opened_to) VALUES ($1, $2)
           ON CONFLICT (topic) DO UPDATE SET opened_to = excluded.opened_to`,
          [topic, to],
        )
    }
    return changes
  })
}

async function onTopics(
  { database, topics, signal }: TopicsOptions,
  isWriting: boolean,
  work: (client: pg.Client, changes: TopicChange[]) => Promise<TopicChange[]>,
): Promise<TopicChange[]> {
  const target = targetOf(database)
  try {
    return await withClient(
      { ...target.config, ...PATIENCE },
      async (client) => {
        await client.query('BEGIN')
        if (isWriting) await client.query('LOCK TABLE outbox_topics IN SHARE ROW EXCLUSIVE MODE')
        const { rows } = await client.query<{ topic: string; to: string[] }>(
          'SELECT topic, opened_to AS to FROM outbox_topics',
        )
        const changes = changesOf(new Map(rows.map(({ topic, to }) => [topic, to])), topics)
        const changed = await work(client, changes)
        await client.query('COMMIT')
        return changed
      },
      signal,
    )
  } catch (error) {
    signal?.throwIfAborted()
    throw toConnectError(error, target)
  }
}

function changesOf(found: ReadonlyMap<string, readonly string[]>, wanted: OpenTopics): TopicChange[] {
  return [...new Set([...found.keys(), ...Object.keys(wanted)])]
    .sort()
    .map((topic) => ({
      topic,
      from: [...(found.get(topic) ?? [])].sort(),
      to: [...((Object.hasOwn(wanted, topic) && wanted[topic]) || [])].sort(),
    }))
    .filter(({ from, to }) => from.join() !== to.join())
}
