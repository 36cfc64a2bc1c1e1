SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- BREAKS
-- @ignore unbounded-write
UPDATE notes SET body = '' WHERE done;
