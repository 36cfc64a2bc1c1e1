-- The rows of a transaction are counted for people alone: the service has no bound, and pays for no count.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

CREATE OR REPLACE FUNCTION public.outbox_bound() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- Within this function current_user is its owner; the setting still says who called.
  caller CONSTANT text := coalesce(nullif(current_setting('role'), 'none'), session_user);
BEGIN
  IF pg_has_role(caller, 'miyabi_service', 'USAGE') OR pg_has_role(caller, 'miyabi_owner', 'USAGE') THEN
    RETURN NULL;
  END IF;
  IF (SELECT count(*) FROM public.outbox WHERE transaction_id = pg_current_xact_id()::text::bigint) > 1000 THEN
    RAISE EXCEPTION 'A transaction of a person writes at most 1000 rows into the outbox.' USING ERRCODE = 'MY003';
  END IF;
  RETURN NULL;
END
$$;
