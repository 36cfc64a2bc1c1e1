-- Undoes migration.sql: nothing is left of the schema, nor of what was in it.
--
-- @loses agent_executions execution_logs licenses line_messages logs plugin_reviews plugin_submissions plugins
-- @loses repositories revoked_licenses subscriptions trials usage_aggregates usage_events users web_users
-- @loses websocket_connections workflows
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- What refers to a table goes before it. Indexes, triggers, checks and comments go with their tables.
DROP TABLE logs;
DROP TABLE execution_logs, agent_executions, websocket_connections, line_messages, workflows, repositories, web_users;
DROP TABLE usage_aggregates, usage_events, revoked_licenses, trials, licenses, subscriptions;
DROP TABLE plugin_reviews, plugin_submissions, plugins, users;

DROP FUNCTION update_reviewed_plugins();
DROP FUNCTION update_plugin_rating(text);
DROP FUNCTION increment_downloads(text);
DROP FUNCTION increment_agent_execution(uuid, text, text, text);
DROP FUNCTION increment_usage(uuid, text, text, text, bigint);
DROP FUNCTION set_updated_at();
DROP FUNCTION current_instant();
DROP FUNCTION time_ordered_id();

-- Whoever else has come to need it keeps it from going, and with that the whole of this from happening.
DROP EXTENSION citext;

-- That everybody may use the schema public stays: a new database has it so.
