-- The checks hold for new rows only, as before.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

SELECT parts.take_locks('public.usage_events, public.logs, public.execution_logs, public.line_messages IN ACCESS EXCLUSIVE');

DO $$
DECLARE
  held record;
BEGIN
  FOR held IN
    SELECT conrelid::regclass AS place, conname AS name, pg_get_constraintdef(oid) AS rule FROM pg_constraint
     WHERE conrelid = ANY (ARRAY['usage_events', 'logs', 'execution_logs', 'line_messages']::regclass[])
       AND (conname LIKE '%\_before\_months' OR conname LIKE '%\_id\_fits\_created\_at')
  LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %2$I %s NOT VALID', held.place, held.name, held.rule);
  END LOOP;
END
$$;
