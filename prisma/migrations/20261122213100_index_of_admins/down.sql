SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

DROP INDEX users_admins_idx;
