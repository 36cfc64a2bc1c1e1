SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- BREAKS
CREATE POLICY titled ON notes FOR SELECT USING (title = (SELECT current_setting('app.title')));
-- BREAKS
CREATE POLICY either ON notes FOR DELETE USING (user_id = (SELECT current_user_id()) OR body = (SELECT current_setting('app.title')));
CREATE TABLE tags (id uuid PRIMARY KEY, note_id uuid);
ALTER TABLE tags ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON tags TO CURRENT_USER USING (true);
CREATE INDEX tags_note_id_idx ON tags (note_id) WHERE note_id IS NOT NULL;
-- BREAKS
CREATE POLICY own ON tags USING (note_id IN (SELECT id FROM notes));
