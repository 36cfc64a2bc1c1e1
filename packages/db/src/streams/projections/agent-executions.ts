import type { ConsumeOptions } from '../types.js'

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/** Updates each execution to the last of its states, unless it is already there; returns how many do not exist. */
const PROJECT = `
  WITH last AS (
    SELECT DISTINCT ON (id) id, status, version, at
      FROM unnest($1::uuid[], $2::text[], $3::double precision[], $4::timestamptz[]) AS row (id, status, version, at)
     ORDER BY id, version DESC
  ), changed AS (
    UPDATE agent_executions AS execution
       SET status = last.status, state_version = last.version,
           started_at = CASE last.status WHEN 'pending' THEN NULL ELSE coalesce(execution.started_at, last.at) END,
           completed_at = CASE WHEN last.status IN ('completed', 'failed') THEN greatest(last.at, execution.started_at) END
      FROM last WHERE execution.id = last.id AND (execution.state_version IS NULL OR execution.state_version < last.version)
  )
  SELECT count(*)::integer AS missing FROM last WHERE NOT EXISTS (SELECT FROM agent_executions WHERE id = last.id)`

/**
 * Updates `agent_executions` to the agents' states: the row whose id is the agent's gets its status and times, unless
 * it has those of a later version. An agent without such a row is skipped and counted; no row is created.
 *
 * ```ts
 * const consumer = db.streams.consume('executions', agentExecutionProjection)
 * ```
 */
export const agentExecutionProjection: ConsumeOptions<'agentState'> = {
  from: 'agentState',
  async handle(changes, _tx, run) {
    const states = changes.flatMap((change) => (change.kind === 'remove' ? [] : [change.next]))
    const ours = states.filter(({ agentId }) => UUID.test(agentId))
    run.passOver(states.length - ours.length)
    if (ours.length === 0) return
    const { rows } = await run.query<{ readonly missing: number }>(PROJECT, [
      ours.map(({ agentId }) => agentId),
      ours.map(({ status }) => status),
      ours.map(({ version }) => version),
      ours.map(({ updatedAt }) => updatedAt),
    ])
    run.passOver(rows[0]?.missing ?? 0)
  },
}
