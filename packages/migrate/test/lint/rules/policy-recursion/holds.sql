SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

CREATE FUNCTION public.is_admin() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM public.users WHERE role = 'admin' AND id = (SELECT public.current_user_id()));
REVOKE ALL ON FUNCTION public.is_admin() FROM PUBLIC;
CREATE POLICY admins ON users FOR SELECT USING ((SELECT is_admin()));
CREATE POLICY owners ON notes FOR SELECT USING (user_id IN (SELECT id FROM users));
