-- Takes the list of erasures away: a backup from before one of them brings that person back. Keys that were erased and are known by their
-- hash alone count again.
--
-- @loses erasures

SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- DropTable
DROP TABLE "public"."erasures";

CREATE OR REPLACE FUNCTION public.license_is_revoked(p_license_key text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF p_license_key IS NULL THEN
    RAISE EXCEPTION 'Whether a license is revoked needs its key: it is NULL.' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  RETURN EXISTS (SELECT FROM public.revoked_licenses WHERE license_key = p_license_key)
      OR EXISTS (SELECT FROM public.licenses WHERE license_key = p_license_key AND revoked);
END
$$;
