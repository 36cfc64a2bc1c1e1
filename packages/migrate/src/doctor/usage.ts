import type { DatabaseCheck } from './check.js'

/**
 * Totals of this month and the last that events have counted and that differ from the sum of their events' rows: a
 * direct call has counted, too. Other months are no longer counted, and the table of usage events is large.
 */
const TWO_ORIGINS = `
  WITH months AS (
    SELECT to_char(month, 'YYYY-MM') AS period, month AT TIME ZONE 'UTC' AS begins, (month + interval '1 month') AT TIME ZONE 'UTC' AS ends
      FROM generate_series(date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 month',
                           date_trunc('month', now() AT TIME ZONE 'UTC'), interval '1 month') AS month
  )
  SELECT total.user_id, total.plugin_id, total.period, counted.direct,
         total.issues > counted.issues OR total.tokens > counted.tokens OR executions.n > counted.executions AS is_above,
         total.issues < counted.issues OR total.tokens < counted.tokens OR executions.n < counted.executions AS is_below
    FROM usage_aggregates AS total
    JOIN months USING (period)
    CROSS JOIN LATERAL (SELECT coalesce(sum(value::numeric), 0) AS n FROM jsonb_each_text(total.agent_executions)) AS executions
    CROSS JOIN LATERAL (
      SELECT count(quantity) AS by_event, count(*) - count(quantity) AS direct,
             coalesce(sum(quantity) FILTER (WHERE meter = 'issues'), 0) AS issues,
             coalesce(sum(quantity) FILTER (WHERE meter = 'tokens'), 0) AS tokens,
             coalesce(sum(quantity) FILTER (WHERE meter = 'agent_executions'), 0) AS executions
        FROM usage_events AS used
       WHERE used.user_id = total.user_id AND used.plugin_id = total.plugin_id
         AND used.created_at >= months.begins AND used.created_at < months.ends) AS counted
   WHERE counted.by_event > 0
     AND (counted.direct > 0
       OR (total.issues, total.tokens, executions.n) IS DISTINCT FROM (counted.issues, counted.tokens, counted.executions))
   ORDER BY total.period, total.user_id, total.plugin_id
   LIMIT 100`

interface Found {
  readonly user_id: string
  readonly plugin_id: string
  readonly period: string
  readonly direct: string
  readonly is_above: boolean
  readonly is_below: boolean
}

/** Usage that was recorded both by events and by calls, so some of it may be counted twice. */
export const usageCheck: DatabaseCheck = {
  name: 'usage',
  looksFor: 'usage of this month and the last that was recorded both by events and by calls',
  async run(client) {
    const columns = await client.query(
      `SELECT FROM pg_attribute WHERE attrelid = to_regclass('usage_events') AND attname = 'quantity' AND NOT attisdropped`,
    )
    if (columns.rowCount === 0) return []
    const { rows } = await client.query<Found>(TWO_ORIGINS)
    return rows.map((found) => ({
      check: 'usage.two_origins',
      object: `${found.user_id} ${found.plugin_id} ${found.period}`,
      problem: problemOf(found),
      remedy:
        'record usage either with the event `usage.recorded` or with calls, never both (docs/STREAMS.md), and correct the total',
    }))
  },
}

function problemOf({ direct, is_above, is_below }: Found): string {
  const facts = [
    ...(direct === '0' ? [] : [`${direct} of its uses were not recorded by events`]),
    ...(is_above ? ['its total is above the sum of its events: calls have also counted'] : []),
    ...(is_below ? ['its total is below the sum of its events: it was changed manually'] : []),
  ]
  return facts.join('; ')
}
