-- Every row fits. Locks out nobody who reads or writes. Rows that do not fit end it, with what to do about them.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '30min';

DO $$
DECLARE
  broken      text;
  broken_on   text;
  requirement text;
BEGIN
  ALTER TABLE users
    VALIDATE CONSTRAINT users_created_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT users_updated_at_within_years_1_to_9999;
  ALTER TABLE plugins
    VALIDATE CONSTRAINT plugins_created_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT plugins_updated_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT plugins_categories_is_flat_without_null,
    VALIDATE CONSTRAINT plugins_features_within_2_to_53,
    VALIDATE CONSTRAINT plugins_limitations_within_2_to_53;
  ALTER TABLE plugin_submissions
    VALIDATE CONSTRAINT plugin_submissions_submitted_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT plugin_submissions_reviewed_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT plugin_submissions_created_at_within_years_1_to_9999;
  ALTER TABLE plugin_reviews
    VALIDATE CONSTRAINT plugin_reviews_created_at_within_years_1_to_9999;
  ALTER TABLE subscriptions
    VALIDATE CONSTRAINT subscriptions_current_period_start_within_years_1_to_9999,
    VALIDATE CONSTRAINT subscriptions_current_period_end_within_years_1_to_9999,
    VALIDATE CONSTRAINT subscriptions_trial_ends_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT subscriptions_created_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT subscriptions_updated_at_within_years_1_to_9999;
  ALTER TABLE licenses
    VALIDATE CONSTRAINT licenses_issued_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT licenses_expires_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT licenses_revoked_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT licenses_created_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT licenses_features_within_2_to_53,
    VALIDATE CONSTRAINT licenses_limitations_within_2_to_53;
  ALTER TABLE trials
    VALIDATE CONSTRAINT trials_started_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT trials_expires_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT trials_created_at_within_years_1_to_9999;
  ALTER TABLE revoked_licenses
    VALIDATE CONSTRAINT revoked_licenses_revoked_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT revoked_licenses_created_at_within_years_1_to_9999;
  ALTER TABLE usage_events
    VALIDATE CONSTRAINT usage_events_created_at_within_years_1_to_9999;
  ALTER TABLE usage_aggregates
    VALIDATE CONSTRAINT usage_aggregates_created_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT usage_aggregates_updated_at_within_years_1_to_9999;
  ALTER TABLE web_users
    VALIDATE CONSTRAINT web_users_created_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT web_users_updated_at_within_years_1_to_9999;
  ALTER TABLE repositories
    VALIDATE CONSTRAINT repositories_created_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT repositories_updated_at_within_years_1_to_9999;
  ALTER TABLE workflows
    VALIDATE CONSTRAINT workflows_created_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT workflows_updated_at_within_years_1_to_9999;
  ALTER TABLE line_messages
    VALIDATE CONSTRAINT line_messages_created_at_within_years_1_to_9999;
  ALTER TABLE websocket_connections
    VALIDATE CONSTRAINT websocket_connections_connected_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT websocket_connections_last_ping_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT websocket_connections_created_at_within_years_1_to_9999;
  ALTER TABLE agent_executions
    VALIDATE CONSTRAINT agent_executions_started_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT agent_executions_completed_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT agent_executions_created_at_within_years_1_to_9999,
    VALIDATE CONSTRAINT agent_executions_updated_at_within_years_1_to_9999;
  ALTER TABLE execution_logs
    VALIDATE CONSTRAINT execution_logs_timestamp_within_years_1_to_9999,
    VALIDATE CONSTRAINT execution_logs_created_at_within_years_1_to_9999;
  ALTER TABLE logs
    VALIDATE CONSTRAINT logs_created_at_within_years_1_to_9999;
EXCEPTION WHEN check_violation THEN
  GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME, broken_on = TABLE_NAME;
  requirement := (SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conname = broken AND conrelid = broken_on::regclass);
  RAISE EXCEPTION 'Rows of % break %. Nothing was changed. Correct those that SELECT * FROM % WHERE NOT (%) finds, then migrate again',
    broken_on, broken, broken_on, requirement
    USING ERRCODE = 'check_violation', TABLE = broken_on, CONSTRAINT = broken;
END
$$;
