import type pg from 'pg'
import type { Partition } from './months.js'

/** The table whose rows are summed elsewhere, before they may be dropped. */
export const COUNTED_TABLE = 'usage_events'

/** How many differences are listed; the total is reported beside them. */
const NAMED = 20

/** A sum of a user, plugin and month that differs from its events. */
export interface UsageDifference {
  readonly userId: string
  readonly pluginId: string
  /** `2026-11`, in UTC. */
  readonly period: string
  /** The sum of the month's events. */
  readonly events: UsageSums
  /** The value in `usage_aggregates`; absent if it has no such row. */
  readonly total?: UsageSums
}

export interface UsageSums {
  readonly issues: number
  readonly tokens: string
  readonly agentExecutions: Readonly<Record<string, number>>
}

/** A month of usage compared with its sums. */
export interface UsageComparison {
  /** The first of those that differ. */
  readonly differences: readonly UsageDifference[]
  /** How many differ. */
  readonly differing: number
  /** Rows of the month without a quantity, as they were recorded directly: nothing can be counted from them. */
  readonly directEvents: number
  /** Rows whose `created_at` is in the previous month, at most two days away. */
  readonly neighbors: number
  /** Sums of the month that no event of it has counted into. */
  readonly sumsWithoutEvents: number
}

/**
 * Sums are capped as they are when counting. Rows of the month in the next partition count, too: ids are within a day
 * of their time, and a partition begins a day before its month.
 */
const COMPARE = `
  WITH near AS (
    SELECT user_id, plugin_id, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM') AS period, meter, agent, quantity,
           id < id_floor($2::timestamptz - interval '24 hours') AS is_here,
           ($1::timestamptz IS NULL OR created_at >= $1::timestamptz) AND created_at < $2::timestamptz AS is_of_month
      FROM usage_events
     WHERE ($1::timestamptz IS NULL OR id >= id_floor($1::timestamptz - interval '24 hours'))
       AND id < id_floor($2::timestamptz + interval '24 hours')
  ), by_agent AS (
    SELECT user_id, plugin_id, period, meter, agent, sum(quantity) AS quantity
      FROM near WHERE is_of_month AND quantity IS NOT NULL GROUP BY 1, 2, 3, 4, 5
  ), counted AS (
    SELECT user_id, plugin_id, period,
           least(coalesce(sum(quantity) FILTER (WHERE meter = 'issues'), 0), 2147483647) AS issues,
           least(coalesce(sum(quantity) FILTER (WHERE meter = 'tokens'), 0), 9223372036854775807) AS tokens,
           coalesce(jsonb_object_agg(agent, quantity) FILTER (WHERE meter = 'agent_executions'), '{}') AS agent_executions
      FROM by_agent GROUP BY 1, 2, 3
  ), differing AS (
    SELECT c.user_id, c.plugin_id, c.period, c.issues, c.tokens, c.agent_executions,
           t.id, t.issues AS total_issues, t.tokens AS total_tokens, t.agent_executions AS total_agents
      FROM counted AS c LEFT JOIN usage_aggregates AS t USING (user_id, plugin_id, period)
     WHERE (c.issues, c.tokens, c.agent_executions) IS DISTINCT FROM (t.issues::numeric, t.tokens::numeric, t.agent_executions)
  )
  SELECT (SELECT count(*)::int FROM differing) AS differing,
         (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('userId', user_id, 'pluginId', plugin_id, 'period', period,
            'events', jsonb_build_object('issues', issues, 'tokens', tokens::text, 'agentExecutions', agent_executions),
            'total', CASE WHEN id IS NOT NULL THEN
              jsonb_build_object('issues', total_issues, 'tokens', total_tokens::text, 'agentExecutions', total_agents) END)) ORDER BY period, user_id, plugin_id), '[]')
            FROM (SELECT * FROM differing ORDER BY period, user_id, plugin_id LIMIT ${NAMED}) AS named) AS differences,
         (SELECT count(*)::int FROM near WHERE is_here AND quantity IS NULL) AS "directEvents",
         (SELECT count(*)::int FROM near WHERE is_here AND NOT is_of_month) AS neighbors,
         (SELECT count(*)::int FROM usage_aggregates AS t
           WHERE t.period < to_char($2::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM')
             AND ($1::timestamptz IS NULL OR t.period >= to_char($1::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM'))
             AND NOT EXISTS (SELECT FROM counted AS c WHERE (c.user_id, c.plugin_id, c.period) = (t.user_id, t.plugin_id, t.period))) AS "sumsWithoutEvents"`

/** Compares a month of `usage_events` with `usage_aggregates`. Reads the month. */
export async function compareUsage(client: pg.ClientBase, { from, to }: Partition): Promise<UsageComparison> {
  const { rows } = await client.query<UsageComparison>(COMPARE, [from ?? null, to])
  const [compared] = rows
  if (!compared) throw new Error('The comparison of usage returned no row.')
  return compared
}
