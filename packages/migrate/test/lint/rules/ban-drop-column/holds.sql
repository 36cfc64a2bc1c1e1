-- @limits lock_timeout=5s statement_timeout=1min
-- @ignore ban-drop-column: nothing has read it since March
ALTER TABLE users DROP COLUMN nickname;
