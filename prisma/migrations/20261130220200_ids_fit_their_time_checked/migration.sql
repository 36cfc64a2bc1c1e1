-- Reading the rows of before holds up nobody. That they fit, the migration before has seen.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '2h';

ALTER TABLE usage_events VALIDATE CONSTRAINT usage_events_id_fits_created_at, VALIDATE CONSTRAINT usage_events_before_months;
ALTER TABLE logs VALIDATE CONSTRAINT logs_id_fits_created_at, VALIDATE CONSTRAINT logs_before_months;
ALTER TABLE execution_logs VALIDATE CONSTRAINT execution_logs_id_fits_created_at, VALIDATE CONSTRAINT execution_logs_before_months;
ALTER TABLE line_messages VALIDATE CONSTRAINT line_messages_id_fits_created_at, VALIDATE CONSTRAINT line_messages_before_months;
