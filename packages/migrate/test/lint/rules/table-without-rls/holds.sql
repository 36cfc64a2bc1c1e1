SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

CREATE TABLE tags (id uuid PRIMARY KEY);
ALTER TABLE tags ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON tags TO CURRENT_USER USING (true);
CREATE TEMPORARY TABLE scratch (id uuid);
CREATE TABLE passing (id uuid);
DROP TABLE passing;
CREATE TABLE one (id uuid PRIMARY KEY);
CREATE TABLE "Two" (id uuid PRIMARY KEY);
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['one', 'Two'] LOOP
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE 'ALTER TABLE public.' || quote_ident(name) || ' FORCE ROW LEVEL SECURITY';
    EXECUTE format('CREATE POLICY owner_all ON public.%I TO CURRENT_USER USING (true)', name);
  END LOOP;
END
$$;
