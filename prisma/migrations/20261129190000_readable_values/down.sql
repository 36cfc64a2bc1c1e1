-- The checks go; what they refused may come in again.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

ALTER TABLE users
  DROP CONSTRAINT users_created_at_within_years_1_to_9999,
  DROP CONSTRAINT users_updated_at_within_years_1_to_9999;

ALTER TABLE plugins
  DROP CONSTRAINT plugins_created_at_within_years_1_to_9999,
  DROP CONSTRAINT plugins_updated_at_within_years_1_to_9999,
  DROP CONSTRAINT plugins_categories_is_flat_without_null,
  DROP CONSTRAINT plugins_features_within_2_to_53,
  DROP CONSTRAINT plugins_limitations_within_2_to_53;

ALTER TABLE plugin_submissions
  DROP CONSTRAINT plugin_submissions_submitted_at_within_years_1_to_9999,
  DROP CONSTRAINT plugin_submissions_reviewed_at_within_years_1_to_9999,
  DROP CONSTRAINT plugin_submissions_created_at_within_years_1_to_9999;

ALTER TABLE plugin_reviews
  DROP CONSTRAINT plugin_reviews_created_at_within_years_1_to_9999;

ALTER TABLE subscriptions
  DROP CONSTRAINT subscriptions_current_period_start_within_years_1_to_9999,
  DROP CONSTRAINT subscriptions_current_period_end_within_years_1_to_9999,
  DROP CONSTRAINT subscriptions_trial_ends_at_within_years_1_to_9999,
  DROP CONSTRAINT subscriptions_created_at_within_years_1_to_9999,
  DROP CONSTRAINT subscriptions_updated_at_within_years_1_to_9999;

ALTER TABLE licenses
  DROP CONSTRAINT licenses_issued_at_within_years_1_to_9999,
  DROP CONSTRAINT licenses_expires_at_within_years_1_to_9999,
  DROP CONSTRAINT licenses_revoked_at_within_years_1_to_9999,
  DROP CONSTRAINT licenses_created_at_within_years_1_to_9999,
  DROP CONSTRAINT licenses_features_within_2_to_53,
  DROP CONSTRAINT licenses_limitations_within_2_to_53;

ALTER TABLE trials
  DROP CONSTRAINT trials_started_at_within_years_1_to_9999,
  DROP CONSTRAINT trials_expires_at_within_years_1_to_9999,
  DROP CONSTRAINT trials_created_at_within_years_1_to_9999;

ALTER TABLE revoked_licenses
  DROP CONSTRAINT revoked_licenses_revoked_at_within_years_1_to_9999,
  DROP CONSTRAINT revoked_licenses_created_at_within_years_1_to_9999;

ALTER TABLE usage_events
  DROP CONSTRAINT usage_events_created_at_within_years_1_to_9999;

ALTER TABLE usage_aggregates
  DROP CONSTRAINT usage_aggregates_created_at_within_years_1_to_9999,
  DROP CONSTRAINT usage_aggregates_updated_at_within_years_1_to_9999;

ALTER TABLE web_users
  DROP CONSTRAINT web_users_created_at_within_years_1_to_9999,
  DROP CONSTRAINT web_users_updated_at_within_years_1_to_9999;

ALTER TABLE repositories
  DROP CONSTRAINT repositories_created_at_within_years_1_to_9999,
  DROP CONSTRAINT repositories_updated_at_within_years_1_to_9999;

ALTER TABLE workflows
  DROP CONSTRAINT workflows_created_at_within_years_1_to_9999,
  DROP CONSTRAINT workflows_updated_at_within_years_1_to_9999;

ALTER TABLE line_messages
  DROP CONSTRAINT line_messages_created_at_within_years_1_to_9999;

ALTER TABLE websocket_connections
  DROP CONSTRAINT websocket_connections_connected_at_within_years_1_to_9999,
  DROP CONSTRAINT websocket_connections_last_ping_at_within_years_1_to_9999,
  DROP CONSTRAINT websocket_connections_created_at_within_years_1_to_9999;

ALTER TABLE agent_executions
  DROP CONSTRAINT agent_executions_started_at_within_years_1_to_9999,
  DROP CONSTRAINT agent_executions_completed_at_within_years_1_to_9999,
  DROP CONSTRAINT agent_executions_created_at_within_years_1_to_9999,
  DROP CONSTRAINT agent_executions_updated_at_within_years_1_to_9999;

ALTER TABLE execution_logs
  DROP CONSTRAINT execution_logs_timestamp_within_years_1_to_9999,
  DROP CONSTRAINT execution_logs_created_at_within_years_1_to_9999;

ALTER TABLE logs
  DROP CONSTRAINT logs_created_at_within_years_1_to_9999;
