SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

ALTER TABLE notes ADD COLUMN heading varchar(80);
