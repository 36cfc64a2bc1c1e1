SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- @ignore ban-drop-column: nobody reads it
ALTER TABLE users DROP COLUMN nickname;
