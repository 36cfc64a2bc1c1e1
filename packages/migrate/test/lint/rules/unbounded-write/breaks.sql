SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- BREAKS
UPDATE notes SET body = '';
-- BREAKS
WITH gone AS (DELETE FROM notes WHERE true RETURNING id) SELECT count(*) FROM gone;
-- BREAKS
TRUNCATE notes;
-- BREAKS
DO $$ BEGIN DELETE FROM public.notes; END $$;
