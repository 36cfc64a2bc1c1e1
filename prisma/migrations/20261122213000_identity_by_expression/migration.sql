-- Who is asking, as an expression that the server puts in place of the call. A prepared statement is planned once for each
-- connection and asks for its identity at every execution, which costs a seventh of the call of a PL/pgSQL function with a
-- search_path of its own. The body is parsed here and now, so no search_path has a say in it later.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

CREATE OR REPLACE FUNCTION public.current_user_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(pg_catalog.current_setting('miyabi.user_id', true), ''), public.identity_missing('user'))::uuid;

CREATE OR REPLACE FUNCTION public.current_web_user_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(pg_catalog.current_setting('miyabi.web_user_id', true), ''), public.identity_missing('web_user'))::uuid;
