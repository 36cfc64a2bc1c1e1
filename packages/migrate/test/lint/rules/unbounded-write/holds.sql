SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

CREATE TEMPORARY TABLE chosen AS SELECT id FROM notes LIMIT 100;
DELETE FROM chosen;
UPDATE notes SET body = '' WHERE id IN (SELECT id FROM chosen);
CREATE TABLE tags (id uuid PRIMARY KEY);
ALTER TABLE tags ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON tags TO CURRENT_USER USING (true);
UPDATE tags SET id = id;
CREATE FUNCTION public.empty_notes() RETURNS void LANGUAGE plpgsql SET search_path = ''
AS $$ BEGIN DELETE FROM public.notes; END $$;
