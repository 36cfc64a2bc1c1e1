-- The rows of before say nothing of what is checked, so none can fail; reading them holds up nobody.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '30min';

ALTER TABLE usage_events VALIDATE CONSTRAINT usage_events_meter_known;
ALTER TABLE usage_events VALIDATE CONSTRAINT usage_events_quantity_not_negative;
ALTER TABLE usage_events VALIDATE CONSTRAINT usage_events_quantity_has_meter;
ALTER TABLE usage_events VALIDATE CONSTRAINT usage_events_agent_has_meter;
ALTER TABLE agent_executions VALIDATE CONSTRAINT agent_executions_state_version_not_negative;
