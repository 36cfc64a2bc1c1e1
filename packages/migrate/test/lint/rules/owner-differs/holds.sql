SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

ALTER TABLE users OWNER TO pg_database_owner;
ALTER TABLE notes OWNER TO pg_database_owner;
ALTER POLICY owner_all ON users TO pg_database_owner;
ALTER POLICY owner_all ON notes TO pg_database_owner;
CREATE TABLE tags (id uuid PRIMARY KEY);
ALTER TABLE tags ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON tags TO CURRENT_USER USING (true);
ALTER TABLE tags OWNER TO pg_database_owner;
ALTER POLICY owner_all ON tags TO pg_database_owner;
