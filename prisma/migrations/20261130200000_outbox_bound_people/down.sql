-- The function as it was: it counts for the service, too.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

CREATE OR REPLACE FUNCTION public.outbox_bound() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (SELECT count(*) FROM public.outbox WHERE transaction_id = pg_current_xact_id()::text::bigint) > 1000 THEN
    RAISE EXCEPTION 'A transaction of a person writes at most 1000 rows into the outbox.' USING ERRCODE = 'MY003';
  END IF;
  RETURN NULL;
END
$$;
