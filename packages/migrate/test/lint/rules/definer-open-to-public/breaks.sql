-- BREAKS
CREATE FUNCTION public.definer() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS 'BEGIN END';
