import { MiyabiError, stringifyJson } from '@miyabi/core'
import { USAGE_RECORDED, usageOf } from '@miyabi/dynamo/on-demand'
import { isPostgresError } from '@miyabi/postgres/on-demand'
import { mapError } from '../../errors/map-error.js'
import type { ConsumeOptions } from '../types.js'

/** The most agents that a month holds for one user and plugin, as in `increment_agent_execution`. */
const MAX_AGENTS = 100

/**
 * Inserts rows for new events, and adds their sums to the months' totals: an existing row was already counted. In the
 * order of the keys, so that shards that are counted concurrently never wait for each other.
 */
const COUNT = `
  WITH given AS (
    SELECT id, user_id, plugin_id, event_type, event_data::jsonb AS event_data, created_at, quantity, meter, agent
      FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::integer[], $8::text[], $9::text[])
        AS row (id, user_id, plugin_id, event_type, event_data, created_at, quantity, meter, agent)
  ), counted AS (
    INSERT INTO usage_events (id, user_id, plugin_id, event_type, event_data, created_at, quantity, meter, agent)
    SELECT * FROM given ORDER BY id ON CONFLICT (id) DO NOTHING
    RETURNING user_id, plugin_id, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM') AS period, quantity, meter, agent
  ), by_agent AS (
    SELECT user_id, plugin_id, period, meter, agent, sum(quantity) AS quantity FROM counted GROUP BY 1, 2, 3, 4, 5
  )
  INSERT INTO usage_aggregates AS total (user_id, plugin_id, period, issues, tokens, agent_executions)
  SELECT user_id, plugin_id, period,
         coalesce(sum(quantity) FILTER (WHERE meter = 'issues'), 0), coalesce(sum(quantity) FILTER (WHERE meter = 'tokens'), 0),
         coalesce(jsonb_object_agg(agent, quantity) FILTER (WHERE meter = 'agent_executions'), '{}')
    FROM by_agent GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ON CONFLICT (user_id, plugin_id, period) DO UPDATE SET
    issues = least(total.issues::bigint + excluded.issues, 2147483647),
    tokens = least(total.tokens::numeric + excluded.tokens, 9223372036854775807),
    agent_executions = CASE excluded.agent_executions WHEN '{}' THEN total.agent_executions ELSE (
      SELECT jsonb_object_agg(agent, quantity)
        FROM (SELECT agent, sum(quantity::numeric) AS quantity
                FROM (SELECT * FROM jsonb_each_text(total.agent_executions)
                      UNION ALL SELECT * FROM jsonb_each_text(excluded.agent_executions)) AS part (agent, quantity)
               GROUP BY agent) AS summed) END
  RETURNING (SELECT count(*)::integer FROM jsonb_object_keys(total.agent_executions)) AS agents`

/**
 * Counts the events `usage.recorded`: each becomes a row of `usage_events`, under its id and at its own time, and is
 * added to `usage_aggregates` only if that row is new. An event of a user or a plugin that does not exist, or of a
 * month that has been removed, becomes a dead letter.
 *
 * ```ts
 * const consumer = db.streams.consume('usage', usageProjection)
 * ```
 */
export const usageProjection: ConsumeOptions<'events'> = {
  from: 'events',
  async handle(changes, _tx, run) {
    const events = changes.flatMap((change) =>
      change.kind === 'insert' && change.next.eventType === USAGE_RECORDED ? [change.next] : [],
    )
    run.passOver(changes.length - events.length)
    if (events.length === 0) return
    const usages = events.map(usageOf)
    const { rows } = await monthsAwaited(events, () =>
      run.query<{ readonly agents: number }>(COUNT, [
        events.map(({ id }) => id),
        usages.map(({ userId }) => userId),
        usages.map(({ pluginId }) => pluginId),
        usages.map(({ use }) => use),
        usages.map(({ details }) => (details === undefined ? null : stringifyJson(details))),
        events.map(({ occurredAt }) => occurredAt),
        usages.map(({ quantity }) => quantity),
        usages.map(({ meter }) => meter),
        usages.map(({ agent }) => agent ?? null),
      ]),
    )
    if (rows.some(({ agents }) => agents > MAX_AGENTS)) {
      throw new MiyabiError(
        'db.usage.too_many_agents',
        `A month counts at most ${MAX_AGENTS} agents for one user and plugin`,
      )
    }
  },
}

/**
 * An event of a month that has been removed is a dead letter. An event of a month that was not created yet is not at
 * fault: it and those behind it wait until the month exists.
 */
async function monthsAwaited<T>(events: readonly { readonly occurredAt: Date }[], count: () => Promise<T>): Promise<T> {
  try {
    return await count()
  } catch (error) {
    const mapped = mapError(error)
    const now = new Date()
    const thisMonth = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth()))
    if (!isPostgresError(mapped, 'postgres.month_missing') || events.some(({ occurredAt }) => occurredAt < thisMonth))
      throw error
    throw new MiyabiError('db.usage.month_missing', 'usage_events has no partition for the month of these events', {
      remedy: 'run `pnpm db:maintain` to create it; the events wait',
      retryable: true,
      cause: mapped,
    })
  }
}
