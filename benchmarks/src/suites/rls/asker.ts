/** A row, or none. */
type Row = Promise<object | null | undefined>

/** What one signed-in user asks, by each library in its own way. */
export interface Asker {
  readonly name: string
  /** One usage event of the user's, by its key. */
  findEvent(id: string): Row
  /** Twenty usage events of the user's, each with its plugin. */
  pageOfEvents(): Promise<readonly object[]>
  /** Hands in a plugin; gives the row as it was stored. */
  submit(turn: number): Row
  /** Hands in a plugin, changes the user's name, reads the user: in one interactive transaction. */
  submitAndRename(turn: number): Row
}

/**
 * The statements of those who write SQL by hand. All of them name the user: without row-level security nobody else
 * does.
 */
export const sql = {
  findEvent:
    'SELECT id, user_id AS "userId", plugin_id AS "pluginId", event_type AS "eventType", created_at AS "createdAt" FROM usage_events WHERE id = $1',
  pageOfEvents: `
    SELECT e.id, e.event_type AS "eventType", json_build_object('id', p.id, 'displayName', p.display_name) AS plugin
      FROM usage_events e JOIN plugins p ON p.id = e.plugin_id WHERE e.user_id = $1 ORDER BY e.created_at DESC, e.id LIMIT 20`,
  submit:
    'INSERT INTO plugin_submissions (user_id, plugin_data) VALUES ($1, $2) RETURNING id, user_id AS "userId", plugin_data AS "pluginData", status',
  rename: 'UPDATE users SET name = $2 WHERE id = $1',
  findUser: 'SELECT id, name FROM users WHERE id = $1',
  setIdentity: `SELECT set_config('role', 'miyabi_user', true), set_config('miyabi.user_id', $1, true)`,
} as const

export const pluginDataOf = (turn: number) => ({ name: `plugin-${turn}`, version: '1.0.0' })
