SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- BREAKS
ALTER TABLE notes RENAME COLUMN title TO heading;
