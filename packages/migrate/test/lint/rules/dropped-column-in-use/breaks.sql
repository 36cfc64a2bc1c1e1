SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

CREATE POLICY admins ON notes FOR SELECT USING (EXISTS (SELECT FROM users u WHERE u.role = 'admin'));
-- BREAKS 3
-- @ignore ban-drop-column: the code no longer reads it
ALTER TABLE notes DROP COLUMN title, DROP COLUMN done;
-- BREAKS
-- @ignore ban-drop-column: the code no longer reads it
ALTER TABLE users DROP COLUMN role CASCADE;
