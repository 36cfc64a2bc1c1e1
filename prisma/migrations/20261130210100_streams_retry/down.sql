-- @loses stream_dead.retry_at
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

ALTER TABLE stream_dead DROP COLUMN retry_at;
