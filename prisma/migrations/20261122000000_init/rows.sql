-- One row a table, with a value in every column: what a check of the migrations finds in the tables. Never applied to a database
-- that is used.
INSERT INTO users (id, email, name, stripe_customer_id, role)
VALUES ('00000000-0000-7000-8000-000000000001', 'user@example.org', 'User', 'cus_1', 'admin');

INSERT INTO plugins (id, name, display_name, source, version, tier, billing_period, author_id, description, trial_period)
VALUES ('base', 'base', 'Base', 'github:example/base', '1.0.0', 'pro', 'monthly', '00000000-0000-7000-8000-000000000001', 'What others need', 14);
INSERT INTO plugins (id, name, display_name, source, version, tier, requires_plugin_id)
VALUES ('addon', 'addon', 'Addon', 'github:example/addon', '1.0.0', 'addon', 'base');

INSERT INTO plugin_submissions (user_id, plugin_data, quality_score, security_scan, review_notes, reviewed_at)
VALUES ('00000000-0000-7000-8000-000000000001', '{"id": "new"}', 80, '{"findings": []}', 'Good', '2026-01-02');
INSERT INTO plugin_reviews (plugin_id, user_id, rating, comment)
VALUES ('base', '00000000-0000-7000-8000-000000000001', 4, 'Works');

INSERT INTO subscriptions (
  user_id, plugin_id, stripe_subscription_id, stripe_customer_id, tier, license_key, status,
  current_period_start, current_period_end, trial_ends_at
) VALUES (
  '00000000-0000-7000-8000-000000000001', 'base', 'sub_1', 'cus_1', 'pro', 'key', 'trial', '2026-01-01', '2026-02-01', '2026-01-15'
);
INSERT INTO licenses (user_id, plugin_id, license_key, tier, expires_at, revoked, revoked_at)
VALUES ('00000000-0000-7000-8000-000000000001', 'base', 'key', 'pro', '2026-02-01', true, '2026-01-20');
INSERT INTO trials (user_id, plugin_id, license_key, started_at, expires_at)
VALUES ('00000000-0000-7000-8000-000000000001', 'base', 'key', '2026-01-01', '2026-01-15');
INSERT INTO revoked_licenses (license_key, reason) VALUES ('key', 'Refunded');

INSERT INTO usage_events (user_id, plugin_id, event_type, event_data)
VALUES ('00000000-0000-7000-8000-000000000001', 'base', 'command_used', '{"command": "status"}');
INSERT INTO usage_aggregates (user_id, plugin_id, period, issues, tokens, agent_executions)
VALUES ('00000000-0000-7000-8000-000000000001', 'base', '2026-01', 1, 3000000000, '{"CodeGen": 2}');

INSERT INTO web_users (id, github_id, github_username, email, avatar_url, line_user_id)
VALUES ('00000000-0000-7000-8000-000000000002', 3000000000, 'octocat', 'octocat@example.org', 'https://example.org/octocat.png', 'line-1');
INSERT INTO repositories (id, user_id, github_repo_id, owner, name, full_name)
VALUES ('00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-000000000002', 3000000001, 'octocat', 'hello', 'octocat/hello');
INSERT INTO workflows (user_id, repository_id, name, description, definition)
VALUES ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000003', 'Release', 'Tags and publishes', '{"nodes": [], "edges": []}');
INSERT INTO line_messages (user_id, line_user_id, message_type, message_text, parsed_intent, issue_number)
VALUES ('00000000-0000-7000-8000-000000000002', 'line-1', 'text', 'Status?', 'status', 1);
INSERT INTO websocket_connections (user_id, connection_id)
VALUES ('00000000-0000-7000-8000-000000000002', 'connection-1');

INSERT INTO agent_executions (
  id, user_id, repository_id, agent_type, issue_number, status, started_at, completed_at, error_message, result
) VALUES (
  '00000000-0000-7000-8000-000000000004', '00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000003',
  'CodeGen', 1, 'failed', '2026-01-01', '2026-01-02', 'No tests', '{"files": 1}'
);
INSERT INTO execution_logs (execution_id, log_level, message, metadata)
VALUES ('00000000-0000-7000-8000-000000000004', 'INFO', 'Started', '{"attempt": 1}');

INSERT INTO logs (level, message, data) VALUES ('info', 'Started', '{"version": "1.0.0"}');
