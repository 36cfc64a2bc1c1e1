-- BREAKS
CREATE FUNCTION public.open_count() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM open_notes';
CREATE FUNCTION public.all_count() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
RETURN (SELECT count(*) FROM public.notes);
REVOKE ALL ON FUNCTION public.all_count() FROM PUBLIC;
-- BREAKS
ALTER FUNCTION public.all_count() SET search_path = public, pg_temp;
