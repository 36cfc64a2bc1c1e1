SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

DROP FUNCTION public.outbox_backlog(integer);
DROP POLICY definer_select ON public.outbox_partitions;
REVOKE SELECT (holder, held_until) ON public.outbox_partitions FROM miyabi_definer;
REVOKE SELECT (attempts, due_at) ON public.outbox FROM miyabi_definer;
