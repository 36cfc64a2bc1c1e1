SET LOCAL lock_timeout = 0;
SET LOCAL statement_timeout = '1min';
-- BREAKS
CREATE TABLE tags (id uuid PRIMARY KEY, note_id uuid REFERENCES notes (id));
ALTER TABLE tags ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON tags TO CURRENT_USER USING (true);
ALTER TABLE notes ADD COLUMN starred boolean;
