-- Takes row-level security out of this database. The five roles stay: they belong to the whole server, and another database may
-- use them. Rights that logins had in the tables before, by default privileges of the migrator, do not come back by themselves:
-- an application of the version before needs them, such as
--   GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO miyabi_app;

-- The functions that were there before, as they were.
CREATE OR REPLACE FUNCTION public.increment_downloads(p_plugin_id text) RETURNS integer
LANGUAGE plpgsql SET search_path = ''
AS $$
DECLARE
  total integer;
BEGIN
  UPDATE public.plugins SET downloads = downloads + 1 WHERE id = p_plugin_id RETURNING downloads INTO total;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'There is no plugin %.', coalesce(quote_literal(p_plugin_id), 'NULL') USING ERRCODE = 'no_data_found';
  END IF;
  RETURN total;
END
$$;
ALTER FUNCTION public.increment_usage(uuid, text, text, text, bigint)          SET search_path = '';
ALTER FUNCTION public.increment_agent_execution(uuid, text, text, text)        SET search_path = '';
ALTER FUNCTION public.update_plugin_rating(text)                               SET search_path = '';
ALTER FUNCTION public.update_reviewed_plugins()                                SET search_path = '';
ALTER FUNCTION public.time_ordered_id()                                        SET search_path = '';
ALTER FUNCTION public.set_updated_at()                                         SET search_path = '';

DO $$
DECLARE
  signature text;
BEGIN
  FOREACH signature IN ARRAY ARRAY[
    'increment_usage(uuid, text, text, text, bigint)', 'increment_agent_execution(uuid, text, text, text)',
    'increment_downloads(text)', 'update_plugin_rating(text)', 'update_reviewed_plugins()',
    'time_ordered_id()', 'current_instant()', 'set_updated_at()'
  ] LOOP
    EXECUTE format('ALTER FUNCTION public.%s SECURITY INVOKER', signature);
    EXECUTE format('ALTER FUNCTION public.%s OWNER TO CURRENT_USER', signature);
    EXECUTE format(
      'REVOKE ALL ON FUNCTION public.%s FROM miyabi_definer, miyabi_owner, miyabi_service, miyabi_user, miyabi_web_user', signature);
    EXECUTE format('GRANT EXECUTE ON FUNCTION public.%s TO PUBLIC', signature);
  END LOOP;
END
$$;

DO $$
DECLARE
  name   text;
  policy text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
    'users', 'plugins', 'plugin_submissions', 'plugin_reviews', 'subscriptions', 'licenses', 'trials', 'revoked_licenses',
    'usage_events', 'usage_aggregates', 'web_users', 'repositories', 'workflows', 'line_messages', 'websocket_connections',
    'agent_executions', 'execution_logs', 'logs'
  ] LOOP
    FOR policy IN SELECT polname FROM pg_catalog.pg_policy WHERE polrelid = to_regclass('public.' || name) LOOP
      EXECUTE format('DROP POLICY %I ON public.%I', policy, name);
    END LOOP;
    EXECUTE format('ALTER TABLE public.%I NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY', name);
    EXECUTE format('REVOKE ALL ON public.%I FROM miyabi_definer, miyabi_service, miyabi_user, miyabi_web_user', name);
    EXECUTE format('ALTER TABLE public.%I OWNER TO CURRENT_USER', name);
  END LOOP;
END
$$;

DROP FUNCTION
  public.first_id_for_admin(), public.current_user_is_admin(), public.current_user_is_known(), public.current_web_user_is_known(),
  public.license_is_revoked(text), public.caller_is_known(), public.counted_user_id(), public.acts_for_service(),
  public.current_user_id(), public.current_web_user_id(), public.identity_missing(text);

REVOKE ALL ON SCHEMA public FROM miyabi_definer, miyabi_owner;
