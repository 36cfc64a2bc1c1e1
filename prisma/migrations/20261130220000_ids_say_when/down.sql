-- People may choose ids again.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

GRANT INSERT (id) ON line_messages TO miyabi_web_user;
GRANT INSERT (id) ON execution_logs TO miyabi_web_user;

DROP FUNCTION parts.take_locks(text[]);
DROP FUNCTION parts.add_month(regclass, date);
DROP FUNCTION public.id_at(timestamptz);
DROP FUNCTION public.id_fits(uuid, timestamptz);
DROP FUNCTION public.time_of_id(uuid);
DROP FUNCTION public.id_floor(timestamptz);
DROP SCHEMA parts;
