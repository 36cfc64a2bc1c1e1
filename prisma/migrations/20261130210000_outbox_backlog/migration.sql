-- How full the outbox is, for whoever writes into it and may not read it: a bound on its depth pushes back by this, and an alert finds rows
-- that no relay works on.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

GRANT CREATE ON SCHEMA public TO miyabi_definer;

CREATE FUNCTION public.outbox_backlog(p_most integer, OUT waiting integer, OUT relays integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT (SELECT count(*)::integer
            FROM (SELECT FROM public.outbox WHERE attempts > 0 OR due_at <= statement_timestamp() LIMIT least(p_most, 1000000)) AS found),
         (SELECT count(DISTINCT holder)::integer FROM public.outbox_partitions WHERE held_until > statement_timestamp())
$$;
COMMENT ON FUNCTION public.outbox_backlog(integer) IS
  'How many rows of the outbox wait for a relay, up to a bound, without those for later; and how many relays hold a partition.';

GRANT SELECT (attempts, due_at) ON public.outbox TO miyabi_definer;
GRANT SELECT (holder, held_until) ON public.outbox_partitions TO miyabi_definer;
CREATE POLICY definer_select ON public.outbox_partitions FOR SELECT TO miyabi_definer USING (true);

ALTER FUNCTION public.outbox_backlog(integer) OWNER TO miyabi_definer;
REVOKE CREATE ON SCHEMA public FROM miyabi_definer;
REVOKE EXECUTE ON FUNCTION public.outbox_backlog(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.outbox_backlog(integer) TO miyabi_service, miyabi_owner, miyabi_user, miyabi_web_user;
