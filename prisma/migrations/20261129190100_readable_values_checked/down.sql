-- The checks hold for new rows only, as before.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

ALTER TABLE users
  DROP CONSTRAINT users_created_at_within_years_1_to_9999,
  ADD CONSTRAINT users_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT users_updated_at_within_years_1_to_9999,
  ADD CONSTRAINT users_updated_at_within_years_1_to_9999 CHECK (updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE plugins
  DROP CONSTRAINT plugins_created_at_within_years_1_to_9999,
  ADD CONSTRAINT plugins_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT plugins_updated_at_within_years_1_to_9999,
  ADD CONSTRAINT plugins_updated_at_within_years_1_to_9999 CHECK (updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT plugins_categories_is_flat_without_null,
  ADD CONSTRAINT plugins_categories_is_flat_without_null CHECK (CASE WHEN array_ndims(categories) > 1 THEN false ELSE array_position(categories, NULL) IS NULL AND coalesce(array_lower(categories, 1), 1) = 1 END) NOT VALID,
  DROP CONSTRAINT plugins_features_within_2_to_53,
  ADD CONSTRAINT plugins_features_within_2_to_53 CHECK (NOT features @? 'strict $.** ? (@.type() == "number" && (@ > 9007199254740991 || @ < -9007199254740991))') NOT VALID,
  DROP CONSTRAINT plugins_limitations_within_2_to_53,
  ADD CONSTRAINT plugins_limitations_within_2_to_53 CHECK (NOT limitations @? 'strict $.** ? (@.type() == "number" && (@ > 9007199254740991 || @ < -9007199254740991))') NOT VALID;

ALTER TABLE plugin_submissions
  DROP CONSTRAINT plugin_submissions_submitted_at_within_years_1_to_9999,
  ADD CONSTRAINT plugin_submissions_submitted_at_within_years_1_to_9999 CHECK (submitted_at >= '0001-01-01 00:00:00+00' AND submitted_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT plugin_submissions_reviewed_at_within_years_1_to_9999,
  ADD CONSTRAINT plugin_submissions_reviewed_at_within_years_1_to_9999 CHECK (reviewed_at >= '0001-01-01 00:00:00+00' AND reviewed_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT plugin_submissions_created_at_within_years_1_to_9999,
  ADD CONSTRAINT plugin_submissions_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE plugin_reviews
  DROP CONSTRAINT plugin_reviews_created_at_within_years_1_to_9999,
  ADD CONSTRAINT plugin_reviews_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE subscriptions
  DROP CONSTRAINT subscriptions_current_period_start_within_years_1_to_9999,
  ADD CONSTRAINT subscriptions_current_period_start_within_years_1_to_9999 CHECK (current_period_start >= '0001-01-01 00:00:00+00' AND current_period_start < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT subscriptions_current_period_end_within_years_1_to_9999,
  ADD CONSTRAINT subscriptions_current_period_end_within_years_1_to_9999 CHECK (current_period_end >= '0001-01-01 00:00:00+00' AND current_period_end < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT subscriptions_trial_ends_at_within_years_1_to_9999,
  ADD CONSTRAINT subscriptions_trial_ends_at_within_years_1_to_9999 CHECK (trial_ends_at >= '0001-01-01 00:00:00+00' AND trial_ends_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT subscriptions_created_at_within_years_1_to_9999,
  ADD CONSTRAINT subscriptions_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT subscriptions_updated_at_within_years_1_to_9999,
  ADD CONSTRAINT subscriptions_updated_at_within_years_1_to_9999 CHECK (updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE licenses
  DROP CONSTRAINT licenses_issued_at_within_years_1_to_9999,
  ADD CONSTRAINT licenses_issued_at_within_years_1_to_9999 CHECK (issued_at >= '0001-01-01 00:00:00+00' AND issued_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT licenses_expires_at_within_years_1_to_9999,
  ADD CONSTRAINT licenses_expires_at_within_years_1_to_9999 CHECK (expires_at >= '0001-01-01 00:00:00+00' AND expires_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT licenses_revoked_at_within_years_1_to_9999,
  ADD CONSTRAINT licenses_revoked_at_within_years_1_to_9999 CHECK (revoked_at >= '0001-01-01 00:00:00+00' AND revoked_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT licenses_created_at_within_years_1_to_9999,
  ADD CONSTRAINT licenses_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT licenses_features_within_2_to_53,
  ADD CONSTRAINT licenses_features_within_2_to_53 CHECK (NOT features @? 'strict $.** ? (@.type() == "number" && (@ > 9007199254740991 || @ < -9007199254740991))') NOT VALID,
  DROP CONSTRAINT licenses_limitations_within_2_to_53,
  ADD CONSTRAINT licenses_limitations_within_2_to_53 CHECK (NOT limitations @? 'strict $.** ? (@.type() == "number" && (@ > 9007199254740991 || @ < -9007199254740991))') NOT VALID;

ALTER TABLE trials
  DROP CONSTRAINT trials_started_at_within_years_1_to_9999,
  ADD CONSTRAINT trials_started_at_within_years_1_to_9999 CHECK (started_at >= '0001-01-01 00:00:00+00' AND started_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT trials_expires_at_within_years_1_to_9999,
  ADD CONSTRAINT trials_expires_at_within_years_1_to_9999 CHECK (expires_at >= '0001-01-01 00:00:00+00' AND expires_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT trials_created_at_within_years_1_to_9999,
  ADD CONSTRAINT trials_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE revoked_licenses
  DROP CONSTRAINT revoked_licenses_revoked_at_within_years_1_to_9999,
  ADD CONSTRAINT revoked_licenses_revoked_at_within_years_1_to_9999 CHECK (revoked_at >= '0001-01-01 00:00:00+00' AND revoked_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT revoked_licenses_created_at_within_years_1_to_9999,
  ADD CONSTRAINT revoked_licenses_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE usage_events
  DROP CONSTRAINT usage_events_created_at_within_years_1_to_9999,
  ADD CONSTRAINT usage_events_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE usage_aggregates
  DROP CONSTRAINT usage_aggregates_created_at_within_years_1_to_9999,
  ADD CONSTRAINT usage_aggregates_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT usage_aggregates_updated_at_within_years_1_to_9999,
  ADD CONSTRAINT usage_aggregates_updated_at_within_years_1_to_9999 CHECK (updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE web_users
  DROP CONSTRAINT web_users_created_at_within_years_1_to_9999,
  ADD CONSTRAINT web_users_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT web_users_updated_at_within_years_1_to_9999,
  ADD CONSTRAINT web_users_updated_at_within_years_1_to_9999 CHECK (updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE repositories
  DROP CONSTRAINT repositories_created_at_within_years_1_to_9999,
  ADD CONSTRAINT repositories_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT repositories_updated_at_within_years_1_to_9999,
  ADD CONSTRAINT repositories_updated_at_within_years_1_to_9999 CHECK (updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE workflows
  DROP CONSTRAINT workflows_created_at_within_years_1_to_9999,
  ADD CONSTRAINT workflows_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT workflows_updated_at_within_years_1_to_9999,
  ADD CONSTRAINT workflows_updated_at_within_years_1_to_9999 CHECK (updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE line_messages
  DROP CONSTRAINT line_messages_created_at_within_years_1_to_9999,
  ADD CONSTRAINT line_messages_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE websocket_connections
  DROP CONSTRAINT websocket_connections_connected_at_within_years_1_to_9999,
  ADD CONSTRAINT websocket_connections_connected_at_within_years_1_to_9999 CHECK (connected_at >= '0001-01-01 00:00:00+00' AND connected_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT websocket_connections_last_ping_at_within_years_1_to_9999,
  ADD CONSTRAINT websocket_connections_last_ping_at_within_years_1_to_9999 CHECK (last_ping_at >= '0001-01-01 00:00:00+00' AND last_ping_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT websocket_connections_created_at_within_years_1_to_9999,
  ADD CONSTRAINT websocket_connections_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE agent_executions
  DROP CONSTRAINT agent_executions_started_at_within_years_1_to_9999,
  ADD CONSTRAINT agent_executions_started_at_within_years_1_to_9999 CHECK (started_at >= '0001-01-01 00:00:00+00' AND started_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT agent_executions_completed_at_within_years_1_to_9999,
  ADD CONSTRAINT agent_executions_completed_at_within_years_1_to_9999 CHECK (completed_at >= '0001-01-01 00:00:00+00' AND completed_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT agent_executions_created_at_within_years_1_to_9999,
  ADD CONSTRAINT agent_executions_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT agent_executions_updated_at_within_years_1_to_9999,
  ADD CONSTRAINT agent_executions_updated_at_within_years_1_to_9999 CHECK (updated_at >= '0001-01-01 00:00:00+00' AND updated_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE execution_logs
  DROP CONSTRAINT execution_logs_timestamp_within_years_1_to_9999,
  ADD CONSTRAINT execution_logs_timestamp_within_years_1_to_9999 CHECK (timestamp >= '0001-01-01 00:00:00+00' AND timestamp < '10000-01-01 00:00:00+00') NOT VALID,
  DROP CONSTRAINT execution_logs_created_at_within_years_1_to_9999,
  ADD CONSTRAINT execution_logs_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID;

ALTER TABLE logs
  DROP CONSTRAINT logs_created_at_within_years_1_to_9999,
  ADD CONSTRAINT logs_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00') NOT VALID;
