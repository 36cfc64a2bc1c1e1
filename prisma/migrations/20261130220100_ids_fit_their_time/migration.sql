-- From here on an id lies within a day of its row's time. Rows of before that do not are listed, with what to do, and nothing is changed.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '2h'; -- every row is read, which keeps nobody from reading and writing

DO $$
DECLARE
  -- All that is there goes into one partition, which ends here: a month and more from now, so that a deployment has time.
  bound   CONSTANT uuid := id_floor((date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months') AT TIME ZONE 'UTC' - interval '24 hours');
  name    text;
  others  bigint;
  ahead   bigint;
  example text;
  faults  text := '';
BEGIN
  FOREACH name IN ARRAY ARRAY['usage_events', 'logs', 'execution_logs', 'line_messages'] LOOP
    EXECUTE format(
      'SELECT count(*) FILTER (WHERE NOT fits), count(*) FILTER (WHERE fits), string_agg(id::text, '', '') FILTER (WHERE place <= 5)
         FROM (SELECT id, id_fits(id, created_at) AS fits, row_number() OVER (PARTITION BY id_fits(id, created_at) ORDER BY id) AS place
                 FROM %I WHERE NOT id_fits(id, created_at) OR id >= $1) AS row', name) INTO others, ahead, example USING bound;
    IF others > 0 THEN
      faults := faults || format(E'\n%s: %s rows whose id is not of their created_at. No other table refers to them; give them ids of their time: '
        'UPDATE %1$I SET id = id_at(created_at) WHERE NOT id_fits(id, created_at); those of before 1970 can have none.', name, others);
    END IF;
    IF ahead > 0 THEN
      faults := faults || format(E'\n%s: %s rows of the time from %s on. Correct their created_at, then their id as above: '
        'SELECT * FROM %1$I WHERE id >= %L;', name, ahead, (time_of_id(bound) AT TIME ZONE 'UTC')::date, bound);
    END IF;
    IF example IS NOT NULL THEN faults := faults || format(E'\n  such as %s', example); END IF;
  END LOOP;
  IF faults <> '' THEN
    RAISE EXCEPTION 'There are rows whose ids do not say when they were made. Nothing was changed.%', faults USING ERRCODE = 'check_violation';
  END IF;

  PERFORM parts.take_locks('public.usage_events, public.logs, public.execution_logs, public.line_messages IN ACCESS EXCLUSIVE');
  FOREACH name IN ARRAY ARRAY['usage_events', 'logs', 'execution_logs', 'line_messages'] LOOP
    EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (id IS NOT NULL AND id < %L::uuid) NOT VALID', name, name || '_before_months', bound);
  END LOOP;
END
$$;

ALTER TABLE usage_events ADD CONSTRAINT usage_events_id_fits_created_at CHECK (id_fits(id, created_at)) NOT VALID;
ALTER TABLE logs ADD CONSTRAINT logs_id_fits_created_at CHECK (id_fits(id, created_at)) NOT VALID;
ALTER TABLE execution_logs ADD CONSTRAINT execution_logs_id_fits_created_at CHECK (id_fits(id, created_at)) NOT VALID;
ALTER TABLE line_messages ADD CONSTRAINT line_messages_id_fits_created_at CHECK (id_fits(id, created_at)) NOT VALID;
