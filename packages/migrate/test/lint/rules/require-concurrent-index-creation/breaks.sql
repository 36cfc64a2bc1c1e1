SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- BREAKS
CREATE INDEX notes_title_idx ON notes (title);
