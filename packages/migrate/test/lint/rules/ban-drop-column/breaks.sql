-- @limits lock_timeout=5s statement_timeout=1min
-- BREAKS
ALTER TABLE users DROP COLUMN nickname;
