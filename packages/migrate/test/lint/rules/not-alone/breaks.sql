SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- BREAKS
CREATE INDEX CONCURRENTLY notes_title_idx ON notes (title);
-- BREAKS
DROP INDEX CONCURRENTLY notes_title_idx;
