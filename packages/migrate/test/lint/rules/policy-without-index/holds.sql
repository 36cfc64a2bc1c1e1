SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

CREATE TABLE tags (id uuid PRIMARY KEY, note_id uuid, name text);
ALTER TABLE tags ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON tags TO CURRENT_USER USING (true);
CREATE POLICY own ON tags USING (note_id IN (SELECT id FROM notes));
CREATE INDEX tags_note_id_idx ON tags (note_id, name);
CREATE POLICY narrow ON notes FOR SELECT USING (user_id = (SELECT current_user_id()) AND title = (SELECT current_setting('app.title')));
CREATE POLICY listed ON notes FOR SELECT USING (title = 'public');
CREATE POLICY written ON notes FOR INSERT WITH CHECK (title = (SELECT current_setting('app.title')));
