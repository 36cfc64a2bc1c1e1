-- The checks hold for new rows only, as before.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

ALTER TABLE usage_events
  DROP CONSTRAINT usage_events_meter_known,
  ADD CONSTRAINT usage_events_meter_known CHECK (meter IN ('issues', 'tokens', 'agent_executions')) NOT VALID,
  DROP CONSTRAINT usage_events_quantity_not_negative,
  ADD CONSTRAINT usage_events_quantity_not_negative CHECK (quantity >= 0) NOT VALID,
  DROP CONSTRAINT usage_events_quantity_has_meter,
  ADD CONSTRAINT usage_events_quantity_has_meter CHECK (quantity IS NULL OR meter IS NOT NULL) NOT VALID,
  DROP CONSTRAINT usage_events_agent_has_meter,
  ADD CONSTRAINT usage_events_agent_has_meter CHECK (agent IS NULL OR meter IS NOT DISTINCT FROM 'agent_executions') NOT VALID;

ALTER TABLE agent_executions
  DROP CONSTRAINT agent_executions_state_version_not_negative,
  ADD CONSTRAINT agent_executions_state_version_not_negative CHECK (state_version >= 0) NOT VALID;
