-- Nobody waits for a table that is new.
CREATE TABLE tags (id uuid PRIMARY KEY);
ALTER TABLE tags ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON tags TO CURRENT_USER USING (true);
CREATE INDEX ON tags (id);
SET lock_timeout = '5s';
SET statement_timeout = '1min';
ALTER TABLE notes ADD COLUMN starred boolean;
