import { columns, selectList } from './model.js'

/**
 * The statements of those who write SQL by hand. Relations come as JSON made by the server, so each read is one round
 * trip.
 */
export const sql = {
  findPlugin: `SELECT ${selectList(columns.plugin, 'p')} FROM plugins p WHERE p.id = $1`,
  findPluginWithRelations: `
    SELECT ${selectList(columns.plugin, 'p')},
      (SELECT row_to_json(a) FROM (SELECT ${selectList(columns.user, 'u')} FROM users u WHERE u.id = p.author_id) a) AS author,
      (SELECT coalesce(json_agg(o), '[]') FROM
        (SELECT ${selectList(columns.review, 'r')} FROM plugin_reviews r WHERE r.plugin_id = p.id ORDER BY r.id) o) AS reviews
    FROM plugins p WHERE p.id = $1`,
  insertLog: `INSERT INTO logs AS l (level, message, data) VALUES ($1, $2, $3) RETURNING ${selectList(columns.log, 'l')}`,
  insertLogs: 'INSERT INTO logs (level, message, data) SELECT * FROM unnest($1::text[], $2::text[], $3::jsonb[])',
  copyLogs: 'COPY logs (level, message, data) FROM STDIN',
  insertUsage: "INSERT INTO usage_events (user_id, plugin_id, event_type) VALUES ($1, $2, 'command_used')",
  countDownload: 'UPDATE plugins SET downloads = downloads + 1 WHERE id = $1',
  findDownloads: 'SELECT id, display_name AS "displayName" FROM plugins WHERE id = $1',
  pageOfUsage: `SELECT ${selectList(columns.usageEvent, 'e')} FROM usage_events e WHERE e.id > $1 ORDER BY e.id LIMIT $2`,
} as const
