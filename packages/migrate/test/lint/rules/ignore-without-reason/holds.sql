SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- A table of three rows.
-- @ignore unbounded-write: three rows
UPDATE notes SET body = '';
