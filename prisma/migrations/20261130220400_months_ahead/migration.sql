-- Months ahead, for a year: `miyabi maintain` makes more, and a database that nobody maintains has time until then. Each table is read and
-- written meanwhile; what its rows refer to is read only.
SET LOCAL lock_timeout = '500ms';
SET LOCAL statement_timeout = '5min';

SELECT parts.take_locks(
  'public.users, public.plugins, public.web_users, public.agent_executions IN SHARE ROW EXCLUSIVE',
  'public.usage_events, public.logs, public.execution_logs, public.line_messages IN SHARE UPDATE EXCLUSIVE'
);

SELECT parts.add_month(name::regclass, month::date)
  FROM unnest(ARRAY['logs', 'line_messages', 'execution_logs', 'usage_events']) AS name,
       generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'), now() AT TIME ZONE 'UTC' + interval '12 months', interval '1 month') AS month;
