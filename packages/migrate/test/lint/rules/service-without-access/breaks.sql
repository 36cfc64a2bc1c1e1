SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

CREATE POLICY service_all ON users TO pg_monitor USING (true);
CREATE POLICY service_all ON notes TO pg_monitor USING (true);
GRANT SELECT, INSERT ON users, notes TO pg_monitor;
-- BREAKS
CREATE TABLE tags (id uuid PRIMARY KEY);
ALTER TABLE tags ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON tags TO CURRENT_USER USING (true);
-- BREAKS
CREATE TABLE labels (id uuid PRIMARY KEY);
ALTER TABLE labels ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON labels TO CURRENT_USER USING (true);
GRANT SELECT ON labels TO pg_monitor;
