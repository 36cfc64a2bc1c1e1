SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- BREAKS
CREATE POLICY admins ON users FOR SELECT USING ((SELECT role FROM users WHERE id = (SELECT current_user_id())) = 'admin');
CREATE FUNCTION public.is_friend() RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = ''
AS $$ BEGIN RETURN EXISTS (SELECT FROM public.notes); END $$;
-- BREAKS
CREATE POLICY friends ON notes FOR SELECT USING ((SELECT is_friend()));
