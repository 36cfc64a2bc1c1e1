SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

CREATE POLICY service_all ON users TO pg_monitor USING (true);
CREATE POLICY service_all ON notes TO pg_monitor USING (true);
GRANT SELECT, INSERT ON users, notes TO pg_monitor;
CREATE TABLE tags (id uuid PRIMARY KEY);
ALTER TABLE tags ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON tags TO CURRENT_USER USING (true);
GRANT SELECT (id) ON tags TO pg_monitor;
CREATE POLICY service_select ON tags FOR SELECT TO pg_monitor USING (true);
CREATE TEMPORARY TABLE passing (id uuid);
