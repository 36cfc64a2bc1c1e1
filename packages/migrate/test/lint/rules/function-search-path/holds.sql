CREATE FUNCTION public.open_count() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM public.open_notes';
ALTER FUNCTION open_count() SET search_path = '';
CREATE FUNCTION public.bound() RETURNS bigint LANGUAGE sql STABLE RETURN (SELECT count(*) FROM open_notes);
CREATE FUNCTION public.invoker() RETURNS void LANGUAGE plpgsql SET search_path = public AS 'BEGIN END';
CREATE FUNCTION public.definer() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'BEGIN END';
REVOKE ALL ON FUNCTION public.definer() FROM PUBLIC;
