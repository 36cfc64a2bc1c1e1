-- What a project has that has come some way: roles for its tables, policies for people, a partitioned table.
DO $$
BEGIN
  CREATE ROLE app_owner;
  CREATE ROLE app_service;
  CREATE ROLE app_user;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;
END
$$;
GRANT app_owner TO CURRENT_USER;
GRANT CREATE ON SCHEMA public TO app_owner;

CREATE FUNCTION public.current_user_id() RETURNS uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp RETURN nullif(current_setting('app.user_id', true), '')::uuid;

CREATE TYPE "Mood" AS ENUM ('calm', 'busy');
CREATE TABLE users (id uuid PRIMARY KEY, email text NOT NULL, nick text, mood "Mood" NOT NULL DEFAULT 'calm', age int);
CREATE TABLE notes (
  id uuid PRIMARY KEY, user_id uuid NOT NULL REFERENCES users (id) ON UPDATE CASCADE ON DELETE RESTRICT, title text NOT NULL, legacy text
);
CREATE INDEX "notes_user_id_idx" ON notes (user_id);
CREATE FUNCTION public.legacy_of(note uuid) RETURNS text LANGUAGE plpgsql SET search_path = ''
AS $$ BEGIN RETURN (SELECT legacy FROM public.notes WHERE id = note); END $$;
CREATE TABLE events (id int, day date, kind text NOT NULL, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE events_2027 PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['users', 'notes', 'events', 'events_2026', 'events_2027'] LOOP
    EXECUTE format('ALTER TABLE public.%I OWNER TO app_owner', name);
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY owner_all ON public.%I FOR ALL TO app_owner USING (true)', name);
    EXECUTE format('CREATE POLICY service_all ON public.%I FOR ALL TO app_service USING (true)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO app_service', name);
  END LOOP;
END
$$;
GRANT SELECT ON users, notes TO app_user;
CREATE POLICY user_select ON users FOR SELECT TO app_user USING (id = (SELECT current_user_id()));
CREATE POLICY user_select ON notes FOR SELECT TO app_user USING (user_id = (SELECT current_user_id()));
