-- Any id goes with any time, as before.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

SELECT parts.take_locks('public.usage_events, public.logs, public.execution_logs, public.line_messages IN ACCESS EXCLUSIVE');

ALTER TABLE usage_events DROP CONSTRAINT usage_events_id_fits_created_at, DROP CONSTRAINT usage_events_before_months;
ALTER TABLE logs DROP CONSTRAINT logs_id_fits_created_at, DROP CONSTRAINT logs_before_months;
ALTER TABLE execution_logs DROP CONSTRAINT execution_logs_id_fits_created_at, DROP CONSTRAINT execution_logs_before_months;
ALTER TABLE line_messages DROP CONSTRAINT line_messages_id_fits_created_at, DROP CONSTRAINT line_messages_before_months;
