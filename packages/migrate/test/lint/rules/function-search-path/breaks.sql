-- BREAKS
CREATE FUNCTION public.open_count() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM open_notes';
CREATE FUNCTION public.all_count() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN (SELECT count(*) FROM public.notes);
REVOKE ALL ON FUNCTION public.all_count() FROM PUBLIC;
-- BREAKS
ALTER FUNCTION public.all_count() SET search_path = public, pg_temp;
-- BREAKS
CREATE FUNCTION public.empty() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS 'BEGIN END';
REVOKE ALL ON FUNCTION public.empty() FROM PUBLIC;
-- BREAKS
CREATE FUNCTION public.first() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_temp, pg_catalog
AS 'BEGIN END';
REVOKE ALL ON FUNCTION public.first() FROM PUBLIC;
