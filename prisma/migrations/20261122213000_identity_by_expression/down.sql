-- The functions as they were: called, and not put in place of the call.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

CREATE OR REPLACE FUNCTION public.current_user_id() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN coalesce(nullif(current_setting('miyabi.user_id', true), ''), public.identity_missing('user'))::uuid;
END
$$;

CREATE OR REPLACE FUNCTION public.current_web_user_id() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN coalesce(nullif(current_setting('miyabi.web_user_id', true), ''), public.identity_missing('web_user'))::uuid;
END
$$;
