SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

CREATE POLICY once ON notes FOR SELECT USING (user_id = (SELECT current_user_id()));
CREATE POLICY plain ON notes FOR SELECT USING (lower(title) = 'readme' OR coalesce(done, false));
CREATE POLICY counted ON users FOR SELECT USING ((SELECT count(*) FROM notes n WHERE n.user_id = users.id) > 0);
CREATE POLICY known ON notes FOR DELETE USING (EXISTS (SELECT FROM pg_catalog.pg_class WHERE current_user_id() IS NOT NULL));
