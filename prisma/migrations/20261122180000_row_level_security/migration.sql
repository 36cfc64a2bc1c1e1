-- Who may see and change what, kept by the database itself. The same on PostgreSQL 15 to 18.
-- docs/ROW_LEVEL_SECURITY.md explains it, and has the table of who may do what.
--
-- Conventions
--   * Five roles of the whole server, none of which may log in. Nothing here needs a superuser or BYPASSRLS.
--   * Two walls. Grants say which columns a role may touch at all: whoever lacks one hears "permission denied". Policies
--     say which rows: without an identity they raise MY001, and never answer with no rows.
--   * A policy asks who is asking as (SELECT f()), so that the server asks once a query and not once a row, and compares
--     a column that an index begins with.
--   * A policy without WITH CHECK applies its USING to new rows as well. Names of policies say who and what.
--   * Functions with more rights than their caller belong to miyabi_definer, for which there are policies and grants on
--     exactly what they need. The search_path of functions names pg_temp last. Unnamed it comes first, and a person's own
--     type there, of the name of one that a function uses, would run the person's code with the rights of the owner.


-- =====================================================================================================================
-- Roles. They belong to the whole server, this migration to one database: another one may be doing the same right now.
-- =====================================================================================================================

DO $$
DECLARE
  wanted   text;
  unsafe   text;
  attempts integer := 0;
BEGIN
  -- Always in this order: two databases at once wait for each other at the first role, and never in a circle.
  FOREACH wanted IN ARRAY ARRAY['miyabi_definer', 'miyabi_owner', 'miyabi_service', 'miyabi_user', 'miyabi_web_user'] LOOP
    CONTINUE WHEN to_regrole(wanted) IS NOT NULL;
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN
        NULL; -- another database was faster
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'There is no role %, and % may not create it.', wanted, current_user
          USING ERRCODE = 'insufficient_privilege', HINT = format(
            'As a login that may create roles: CREATE ROLE miyabi_definer; CREATE ROLE miyabi_owner; CREATE ROLE miyabi_service; '
            'CREATE ROLE miyabi_user; CREATE ROLE miyabi_web_user; GRANT miyabi_definer, miyabi_owner TO %I;', current_user);
    END;
  END LOOP;

  SELECT string_agg(format('ALTER ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS;', rolname), ' ' ORDER BY rolname) INTO unsafe
    FROM pg_catalog.pg_roles
   WHERE rolname IN ('miyabi_definer', 'miyabi_owner', 'miyabi_service', 'miyabi_user', 'miyabi_web_user')
     AND (rolcanlogin OR rolsuper OR rolbypassrls);
  IF unsafe IS NOT NULL THEN
    RAISE EXCEPTION 'A role of row-level security may log in, is a superuser or bypasses row-level security.'
      USING ERRCODE = 'invalid_grant_operation', HINT = format('As a superuser: %s', unsafe);
  END IF;

  -- Whoever migrates owns the tables and the functions through these two.
  WHILE NOT (pg_has_role('miyabi_owner', 'USAGE') AND pg_has_role('miyabi_definer', 'USAGE')) LOOP
    attempts := attempts + 1;
    BEGIN
      EXECUTE format('GRANT miyabi_definer, miyabi_owner TO %I', current_user);
    EXCEPTION
      WHEN unique_violation OR internal_error THEN
        NULL; -- the same migrator in another database: "tuple concurrently updated"
      WHEN insufficient_privilege THEN
        attempts := 10;
    END;
    IF attempts >= 10 THEN
      RAISE EXCEPTION '% is no member of miyabi_definer and miyabi_owner that inherits their rights, and may not make itself one.', current_user
        USING ERRCODE = 'insufficient_privilege', HINT = format(
          'As a login that may administer these roles: GRANT miyabi_definer, miyabi_owner TO %I;', current_user);
    END IF;
  END LOOP;
END
$$;


-- =====================================================================================================================
-- Every table: its owner, row-level security that binds the owner too, and no right of anybody's but those given below
-- =====================================================================================================================

-- Only from here on: for the roles it waits as long as the migration of another database takes.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '5min';

-- To be handed an object, a role must be allowed to create one.
GRANT CREATE ON SCHEMA public TO miyabi_owner, miyabi_definer;

DO $$
DECLARE
  name    text;
  grantee text;
  place   text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
    'users', 'plugins', 'plugin_submissions', 'plugin_reviews', 'subscriptions', 'licenses', 'trials', 'revoked_licenses',
    'usage_events', 'usage_aggregates', 'web_users', 'repositories', 'workflows', 'line_messages', 'websocket_connections',
    'agent_executions', 'execution_logs', 'logs'
  ] LOOP
    -- What default privileges gave when the table was made, to whomever.
    FOR grantee IN
      SELECT CASE held.grantee WHEN 0 THEN 'PUBLIC' ELSE held.grantee::regrole::text END
        FROM pg_catalog.pg_class AS class
        JOIN (SELECT oid AS relation, relacl AS acl FROM pg_catalog.pg_class
              UNION ALL SELECT attrelid, attacl FROM pg_catalog.pg_attribute) AS rights ON rights.relation = class.oid,
             pg_catalog.aclexplode(rights.acl) AS held
       WHERE class.oid = to_regclass('public.' || name) AND held.grantee <> class.relowner
       GROUP BY held.grantee
    LOOP
      EXECUTE format('REVOKE ALL ON public.%I FROM %s', name, grantee);
    END LOOP;

    EXECUTE format('ALTER TABLE public.%I OWNER TO miyabi_owner', name);
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    -- A migration that changes rows changes them all; without this policy it would change none, and say nothing.
    EXECUTE format('CREATE POLICY owner_all ON public.%I FOR ALL TO miyabi_owner USING (true)', name);
    EXECUTE format('CREATE POLICY service_all ON public.%I FOR ALL TO miyabi_service USING (true)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO miyabi_service', name);
  END LOOP;

  -- And what they would give in every table to come.
  FOR grantee, place IN
    SELECT DISTINCT CASE held.grantee WHEN 0 THEN 'PUBLIC' ELSE held.grantee::regrole::text END,
           CASE defaults.defaclnamespace WHEN 0 THEN '' ELSE format('IN SCHEMA %s', defaults.defaclnamespace::regnamespace) END
      FROM pg_catalog.pg_default_acl AS defaults, pg_catalog.aclexplode(defaults.defaclacl) AS held
     WHERE defaults.defaclrole = current_user::regrole AND defaults.defaclobjtype = 'r' AND held.grantee <> defaults.defaclrole
  LOOP
    EXECUTE format('ALTER DEFAULT PRIVILEGES %s REVOKE ALL ON TABLES FROM %s', place, grantee);
  END LOOP;
END
$$;

-- Licenses are never deleted, only revoked.
REVOKE DELETE ON licenses FROM miyabi_service;


-- =====================================================================================================================
-- Who is asking
-- =====================================================================================================================

-- Every query of a person pays for these. None calls another but to raise: a call with a search_path of its own costs more than what is in
-- it. In SQL, which the server would put in place of the call, they take longer to plan than they save.

CREATE FUNCTION public.identity_missing(p_person text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'No % is set for this transaction.', replace(p_person, '_', ' ')
    USING ERRCODE = 'MY001', HINT = format('Set miyabi.%1$s_id to an id of %1$ss for the transaction.', p_person);
END
$$;
COMMENT ON FUNCTION public.identity_missing(text) IS 'Raises MY001: the transaction has no user, or no web_user.';

-- After the transaction that set it a setting is not absent but empty.
CREATE FUNCTION public.current_user_id() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN coalesce(nullif(current_setting('miyabi.user_id', true), ''), public.identity_missing('user'))::uuid;
END
$$;
COMMENT ON FUNCTION public.current_user_id() IS 'The marketplace user of the transaction, out of miyabi.user_id. Raises MY001 where there is none.';

CREATE FUNCTION public.current_web_user_id() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN coalesce(nullif(current_setting('miyabi.web_user_id', true), ''), public.identity_missing('web_user'))::uuid;
END
$$;
COMMENT ON FUNCTION public.current_web_user_id() IS 'The web user of the transaction, out of miyabi.web_user_id. Raises MY001 where there is none.';

-- These look into users and web_users themselves, which a policy on users cannot do: it would ask itself, without end. They read the
-- setting first, so that they raise whatever is in the table.

CREATE FUNCTION public.current_user_is_known() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  asking CONSTANT uuid := coalesce(nullif(current_setting('miyabi.user_id', true), ''), public.identity_missing('user'))::uuid;
BEGIN
  RETURN EXISTS (SELECT FROM public.users WHERE id = asking);
END
$$;
COMMENT ON FUNCTION public.current_user_is_known() IS 'Whether the user of the transaction exists: the catalog is for everybody, not for a made-up id.';

CREATE FUNCTION public.current_web_user_is_known() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  asking CONSTANT uuid := coalesce(nullif(current_setting('miyabi.web_user_id', true), ''), public.identity_missing('web_user'))::uuid;
BEGIN
  RETURN EXISTS (SELECT FROM public.web_users WHERE id = asking);
END
$$;
COMMENT ON FUNCTION public.current_web_user_is_known() IS 'Whether the web user of the transaction exists.';

CREATE FUNCTION public.current_user_is_admin() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  asking CONSTANT uuid := coalesce(nullif(current_setting('miyabi.user_id', true), ''), public.identity_missing('user'))::uuid;
BEGIN
  RETURN EXISTS (SELECT FROM public.users WHERE id = asking AND role = 'admin');
END
$$;
COMMENT ON FUNCTION public.current_user_is_admin() IS 'Whether the user of the transaction is an admin.';

-- With "is an admin" in a policy no index can be used: for anybody else, too, the server would read the whole table. With
-- "the id is between this and the highest" it can: between null and anything there is nothing to look for.
CREATE FUNCTION public.first_id_for_admin() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  asking CONSTANT uuid := coalesce(nullif(current_setting('miyabi.user_id', true), ''), public.identity_missing('user'))::uuid;
BEGIN
  RETURN (SELECT '00000000-0000-0000-0000-000000000000'::uuid FROM public.users WHERE id = asking AND role = 'admin');
END
$$;
COMMENT ON FUNCTION public.first_id_for_admin() IS 'The lowest of all ids for an admin, null for everybody else.';

CREATE FUNCTION public.acts_for_service() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- Within a function of miyabi_definer current_user is that; the setting still says who called.
  caller CONSTANT text := coalesce(nullif(current_setting('role'), 'none'), session_user);
BEGIN
  RETURN pg_has_role(caller, 'miyabi_service', 'USAGE') OR pg_has_role(caller, 'miyabi_owner', 'USAGE');
END
$$;
COMMENT ON FUNCTION public.acts_for_service() IS 'Whether the service or a migration is asking, and no person.';

CREATE FUNCTION public.caller_is_known() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN public.acts_for_service() OR public.current_user_is_known();
END
$$;
COMMENT ON FUNCTION public.caller_is_known() IS 'Whether the service is asking, or a user who exists.';

-- A policy cannot say "is the service, or else their own": the server may answer every (SELECT f()) before it compares
-- anything (it does where two sessions meet at one row), and asking the service for its user raises MY001.
CREATE FUNCTION public.counted_user_id() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN CASE WHEN NOT public.acts_for_service() THEN public.current_user_id() END;
END
$$;
COMMENT ON FUNCTION public.counted_user_id() IS 'The user whose usage a person may count: their own. Null for the service, which has a policy of its own.';

CREATE FUNCTION public.license_is_revoked(p_license_key text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF p_license_key IS NULL THEN
    RAISE EXCEPTION 'Whether a license is revoked needs its key: it is NULL.' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  RETURN EXISTS (SELECT FROM public.revoked_licenses WHERE license_key = p_license_key)
      OR EXISTS (SELECT FROM public.licenses WHERE license_key = p_license_key AND revoked);
END
$$;
COMMENT ON FUNCTION public.license_is_revoked(text) IS
  'Whether a license key no longer counts. For whoever has the key: keys cannot be listed by it.';


-- =====================================================================================================================
-- Functions that may do what their caller may not
-- =====================================================================================================================

-- As it was, but for who may count.
CREATE OR REPLACE FUNCTION public.increment_downloads(p_plugin_id text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  total integer;
BEGIN
  UPDATE public.plugins SET downloads = downloads + 1
   WHERE id = p_plugin_id AND public.caller_is_known() -- a made-up id sees no plugin, and counts none
  RETURNING downloads INTO total;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'There is no plugin %.', coalesce(quote_literal(p_plugin_id), 'NULL') USING ERRCODE = 'no_data_found';
  END IF;
  RETURN total;
END
$$;

ALTER FUNCTION public.increment_usage(uuid, text, text, text, bigint)          SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION public.increment_agent_execution(uuid, text, text, text)        SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION public.update_plugin_rating(text)                               SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION public.update_reviewed_plugins()                                SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION public.time_ordered_id()                                        SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION public.set_updated_at()                                         SET search_path = pg_catalog, pg_temp;

ALTER FUNCTION public.increment_usage(uuid, text, text, text, bigint)          SECURITY DEFINER;
ALTER FUNCTION public.increment_agent_execution(uuid, text, text, text)        SECURITY DEFINER;
ALTER FUNCTION public.increment_downloads(text)                                SECURITY DEFINER;
ALTER FUNCTION public.update_plugin_rating(text)                               SECURITY DEFINER;
ALTER FUNCTION public.update_reviewed_plugins()                                SECURITY DEFINER;

ALTER FUNCTION public.increment_usage(uuid, text, text, text, bigint)          OWNER TO miyabi_definer;
ALTER FUNCTION public.increment_agent_execution(uuid, text, text, text)        OWNER TO miyabi_definer;
ALTER FUNCTION public.increment_downloads(text)                                OWNER TO miyabi_definer;
ALTER FUNCTION public.update_plugin_rating(text)                               OWNER TO miyabi_definer;
ALTER FUNCTION public.update_reviewed_plugins()                                OWNER TO miyabi_definer;
ALTER FUNCTION public.current_user_is_known()                                  OWNER TO miyabi_definer;
ALTER FUNCTION public.current_web_user_is_known()                              OWNER TO miyabi_definer;
ALTER FUNCTION public.current_user_is_admin()                                  OWNER TO miyabi_definer;
ALTER FUNCTION public.first_id_for_admin()                                     OWNER TO miyabi_definer;
ALTER FUNCTION public.license_is_revoked(text)                                 OWNER TO miyabi_definer;

-- The owner of the tables also runs what a foreign key does, and with it the triggers.
ALTER FUNCTION public.time_ordered_id()                                        OWNER TO miyabi_owner;
ALTER FUNCTION public.current_instant()                                        OWNER TO miyabi_owner;
ALTER FUNCTION public.set_updated_at()                                         OWNER TO miyabi_owner;
ALTER FUNCTION public.identity_missing(text)                                   OWNER TO miyabi_owner;
ALTER FUNCTION public.current_user_id()                                        OWNER TO miyabi_owner;
ALTER FUNCTION public.current_web_user_id()                                    OWNER TO miyabi_owner;
ALTER FUNCTION public.acts_for_service()                                       OWNER TO miyabi_owner;
ALTER FUNCTION public.caller_is_known()                                        OWNER TO miyabi_owner;
ALTER FUNCTION public.counted_user_id()                                        OWNER TO miyabi_owner;

-- Nobody creates anything as the role of the functions; and nobody at all, where a database from before PostgreSQL 15 allows it.
REVOKE CREATE ON SCHEMA public FROM miyabi_definer, PUBLIC;

-- Every function may be called by everybody unless it is said otherwise.
REVOKE EXECUTE ON FUNCTION
  public.increment_usage(uuid, text, text, text, bigint), public.increment_agent_execution(uuid, text, text, text),
  public.increment_downloads(text), public.update_plugin_rating(text), public.update_reviewed_plugins(),
  public.current_user_is_known(), public.current_web_user_is_known(), public.current_user_is_admin(),
  public.license_is_revoked(text), public.time_ordered_id(), public.current_instant(), public.set_updated_at(),
  public.current_user_id(), public.current_web_user_id(), public.first_id_for_admin(), public.acts_for_service(),
  public.caller_is_known(), public.counted_user_id(), public.identity_missing(text)
  FROM PUBLIC;

-- Defaults of columns are computed as whoever inserts.
GRANT EXECUTE ON FUNCTION public.time_ordered_id(), public.current_instant()
  TO miyabi_user, miyabi_web_user, miyabi_service, miyabi_definer;
GRANT EXECUTE ON FUNCTION public.identity_missing(text)         TO miyabi_user, miyabi_web_user, miyabi_definer;
GRANT EXECUTE ON FUNCTION public.current_user_id()              TO miyabi_user, miyabi_definer;
GRANT EXECUTE ON FUNCTION public.current_web_user_id()          TO miyabi_web_user, miyabi_definer;
GRANT EXECUTE ON FUNCTION
  public.acts_for_service(), public.caller_is_known(), public.counted_user_id() TO miyabi_definer;
GRANT EXECUTE ON FUNCTION
  public.current_user_is_known(), public.current_user_is_admin(), public.first_id_for_admin() TO miyabi_user;
GRANT EXECUTE ON FUNCTION public.current_web_user_is_known()    TO miyabi_web_user;
GRANT EXECUTE ON FUNCTION public.license_is_revoked(text)       TO miyabi_user, miyabi_web_user, miyabi_service;
GRANT EXECUTE ON FUNCTION public.increment_downloads(text)      TO miyabi_user, miyabi_service, miyabi_owner;
-- A person counts for nobody else: the policy of miyabi_definer on usage_aggregates sees to it.
GRANT EXECUTE ON FUNCTION
  public.increment_usage(uuid, text, text, text, bigint), public.increment_agent_execution(uuid, text, text, text)
  TO miyabi_user, miyabi_service, miyabi_owner;
-- For a person's review the trigger does it.
GRANT EXECUTE ON FUNCTION public.update_plugin_rating(text)     TO miyabi_service, miyabi_owner;

-- What these functions need.
GRANT SELECT (id, role) ON users TO miyabi_definer;
CREATE POLICY definer_select ON users FOR SELECT TO miyabi_definer USING (true);
GRANT SELECT (id) ON web_users TO miyabi_definer;
CREATE POLICY definer_select ON web_users FOR SELECT TO miyabi_definer USING (true);
GRANT SELECT (license_key) ON revoked_licenses TO miyabi_definer;
CREATE POLICY definer_select ON revoked_licenses FOR SELECT TO miyabi_definer USING (true);
GRANT SELECT (license_key, revoked) ON licenses TO miyabi_definer;
CREATE POLICY definer_select ON licenses FOR SELECT TO miyabi_definer USING (true);
GRANT SELECT (plugin_id, rating) ON plugin_reviews TO miyabi_definer;
CREATE POLICY definer_select ON plugin_reviews FOR SELECT TO miyabi_definer USING (true);
GRANT SELECT (id, rating, downloads), UPDATE (rating, downloads) ON plugins TO miyabi_definer;
CREATE POLICY definer_select ON plugins FOR SELECT TO miyabi_definer USING (true);
CREATE POLICY definer_update ON plugins FOR UPDATE TO miyabi_definer USING (true);
GRANT SELECT (user_id, plugin_id, period, issues, tokens, agent_executions),
      INSERT (user_id, plugin_id, period, issues, tokens, agent_executions),
      UPDATE (issues, tokens, agent_executions) ON usage_aggregates TO miyabi_definer;
CREATE POLICY definer_all_of_user ON usage_aggregates FOR ALL TO miyabi_definer USING (user_id = (SELECT counted_user_id()));
CREATE POLICY definer_all_for_service ON usage_aggregates FOR ALL TO miyabi_definer USING ((SELECT acts_for_service()));


-- =====================================================================================================================
-- Marketplace
-- =====================================================================================================================

-- Not the role, which would make anybody an admin, and not what Stripe says.
GRANT SELECT, UPDATE (email, name), DELETE ON users TO miyabi_user;
CREATE POLICY user_select ON users FOR SELECT TO miyabi_user USING (id = (SELECT current_user_id()));
CREATE POLICY user_update ON users FOR UPDATE TO miyabi_user USING (id = (SELECT current_user_id()));
CREATE POLICY admin_select ON users FOR SELECT TO miyabi_user
  USING (id BETWEEN (SELECT first_id_for_admin()) AND 'ffffffff-ffff-ffff-ffff-ffffffffffff');
CREATE POLICY admin_delete ON users FOR DELETE TO miyabi_user USING ((SELECT current_user_is_admin()));

-- Not the source, which was looked at when the plugin was taken in; not what the marketplace says of it, nor whose it is.
GRANT SELECT, DELETE, UPDATE (
  name, display_name, version, tier, price, currency, billing_period, description, features, limitations, categories,
  requires_plugin_id, trial_period
) ON plugins TO miyabi_user;
GRANT SELECT ON plugins TO miyabi_web_user;
CREATE POLICY user_select ON plugins FOR SELECT TO miyabi_user USING ((SELECT current_user_is_known()));
CREATE POLICY web_user_select ON plugins FOR SELECT TO miyabi_web_user USING ((SELECT current_web_user_is_known()));
CREATE POLICY author_update ON plugins FOR UPDATE TO miyabi_user USING (author_id = (SELECT current_user_id()));
CREATE POLICY admin_delete ON plugins FOR DELETE TO miyabi_user USING ((SELECT current_user_is_admin()));

-- A person changes a submission until somebody has looked at it, and never says what was found.
GRANT SELECT, DELETE, INSERT (id, user_id, plugin_data, status),
      UPDATE (plugin_data, quality_score, security_scan, status, review_notes, reviewed_at) ON plugin_submissions TO miyabi_user;
CREATE POLICY user_select ON plugin_submissions FOR SELECT TO miyabi_user USING (user_id = (SELECT current_user_id()));
CREATE POLICY user_insert ON plugin_submissions FOR INSERT TO miyabi_user
  WITH CHECK (user_id = (SELECT current_user_id()) AND status = 'pending_review');
CREATE POLICY user_update ON plugin_submissions FOR UPDATE TO miyabi_user
  USING (
    user_id = (SELECT current_user_id()) AND status = 'pending_review' AND reviewed_at IS NULL
    AND quality_score IS NULL AND security_scan IS NULL AND review_notes IS NULL
  )
  WITH CHECK (
    user_id = (SELECT current_user_id()) AND status = 'pending_review' AND reviewed_at IS NULL
    AND quality_score IS NULL AND security_scan IS NULL AND review_notes IS NULL
  );
CREATE POLICY user_delete ON plugin_submissions FOR DELETE TO miyabi_user
  USING (user_id = (SELECT current_user_id()) AND status = 'pending_review');
CREATE POLICY admin_select ON plugin_submissions FOR SELECT TO miyabi_user
  USING (user_id BETWEEN (SELECT first_id_for_admin()) AND 'ffffffff-ffff-ffff-ffff-ffffffffffff');
CREATE POLICY admin_update ON plugin_submissions FOR UPDATE TO miyabi_user USING ((SELECT current_user_is_admin()));
CREATE POLICY admin_delete ON plugin_submissions FOR DELETE TO miyabi_user USING ((SELECT current_user_is_admin()));

GRANT SELECT, DELETE, INSERT (id, plugin_id, user_id, rating, comment), UPDATE (rating, comment) ON plugin_reviews TO miyabi_user;
GRANT SELECT ON plugin_reviews TO miyabi_web_user;
CREATE POLICY user_select ON plugin_reviews FOR SELECT TO miyabi_user USING ((SELECT current_user_is_known()));
CREATE POLICY web_user_select ON plugin_reviews FOR SELECT TO miyabi_web_user USING ((SELECT current_web_user_is_known()));
CREATE POLICY user_insert ON plugin_reviews FOR INSERT TO miyabi_user WITH CHECK (user_id = (SELECT current_user_id()));
CREATE POLICY user_update ON plugin_reviews FOR UPDATE TO miyabi_user USING (user_id = (SELECT current_user_id()));
CREATE POLICY user_delete ON plugin_reviews FOR DELETE TO miyabi_user USING (user_id = (SELECT current_user_id()));
CREATE POLICY admin_delete ON plugin_reviews FOR DELETE TO miyabi_user USING ((SELECT current_user_is_admin()));


-- =====================================================================================================================
-- Licensing and usage: written by the service
-- =====================================================================================================================

-- A person cancels, or thinks better of it. What was bought, until when and for how much is Stripe's to say.
GRANT SELECT, UPDATE (cancel_at_period_end) ON subscriptions TO miyabi_user;
CREATE POLICY user_select ON subscriptions FOR SELECT TO miyabi_user USING (user_id = (SELECT current_user_id()));
CREATE POLICY user_update ON subscriptions FOR UPDATE TO miyabi_user USING (user_id = (SELECT current_user_id()));
CREATE POLICY admin_select ON subscriptions FOR SELECT TO miyabi_user
  USING (user_id BETWEEN (SELECT first_id_for_admin()) AND 'ffffffff-ffff-ffff-ffff-ffffffffffff');

GRANT SELECT, UPDATE (revoked, revoked_at) ON licenses TO miyabi_user;
CREATE POLICY user_select ON licenses FOR SELECT TO miyabi_user USING (user_id = (SELECT current_user_id()));
CREATE POLICY admin_select ON licenses FOR SELECT TO miyabi_user
  USING (user_id BETWEEN (SELECT first_id_for_admin()) AND 'ffffffff-ffff-ffff-ffff-ffffffffffff');
CREATE POLICY admin_update ON licenses FOR UPDATE TO miyabi_user USING ((SELECT current_user_is_admin()));

-- It lists whole keys. Whoever has one asks license_is_revoked.
GRANT SELECT, INSERT (id, license_key, reason), DELETE ON revoked_licenses TO miyabi_user;
CREATE POLICY admin_select ON revoked_licenses FOR SELECT TO miyabi_user
  USING (id BETWEEN (SELECT first_id_for_admin()) AND 'ffffffff-ffff-ffff-ffff-ffffffffffff');
CREATE POLICY admin_insert ON revoked_licenses FOR INSERT TO miyabi_user WITH CHECK ((SELECT current_user_is_admin()));
CREATE POLICY admin_delete ON revoked_licenses FOR DELETE TO miyabi_user USING ((SELECT current_user_is_admin()));

GRANT SELECT ON trials TO miyabi_user;
CREATE POLICY user_select ON trials FOR SELECT TO miyabi_user USING (user_id = (SELECT current_user_id()));
CREATE POLICY admin_select ON trials FOR SELECT TO miyabi_user
  USING (user_id BETWEEN (SELECT first_id_for_admin()) AND 'ffffffff-ffff-ffff-ffff-ffffffffffff');

GRANT SELECT ON usage_events TO miyabi_user;
CREATE POLICY user_select ON usage_events FOR SELECT TO miyabi_user USING (user_id = (SELECT current_user_id()));
CREATE POLICY admin_select ON usage_events FOR SELECT TO miyabi_user
  USING (user_id BETWEEN (SELECT first_id_for_admin()) AND 'ffffffff-ffff-ffff-ffff-ffffffffffff');

GRANT SELECT ON usage_aggregates TO miyabi_user;
CREATE POLICY user_select ON usage_aggregates FOR SELECT TO miyabi_user USING (user_id = (SELECT current_user_id()));
CREATE POLICY admin_select ON usage_aggregates FOR SELECT TO miyabi_user
  USING (user_id BETWEEN (SELECT first_id_for_admin()) AND 'ffffffff-ffff-ffff-ffff-ffffffffffff');

GRANT SELECT ON logs TO miyabi_user;
CREATE POLICY admin_select ON logs FOR SELECT TO miyabi_user
  USING (id BETWEEN (SELECT first_id_for_admin()) AND 'ffffffff-ffff-ffff-ffff-ffffffffffff');


-- =====================================================================================================================
-- Web UI
-- =====================================================================================================================

-- Not the accounts of GitHub and LINE: only they can say whose they are.
GRANT SELECT, UPDATE (email, avatar_url) ON web_users TO miyabi_web_user;
CREATE POLICY web_user_select ON web_users FOR SELECT TO miyabi_web_user USING (id = (SELECT current_web_user_id()));
CREATE POLICY web_user_update ON web_users FOR UPDATE TO miyabi_web_user USING (id = (SELECT current_web_user_id()));

GRANT SELECT, DELETE,
      INSERT (id, user_id, github_repo_id, owner, name, full_name, default_branch, is_active),
      UPDATE (owner, name, full_name, default_branch, is_active) ON repositories TO miyabi_web_user;
CREATE POLICY web_user_select ON repositories FOR SELECT TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));
CREATE POLICY web_user_insert ON repositories FOR INSERT TO miyabi_web_user WITH CHECK (user_id = (SELECT current_web_user_id()));
CREATE POLICY web_user_update ON repositories FOR UPDATE TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));
CREATE POLICY web_user_delete ON repositories FOR DELETE TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));

-- A foreign key sees every repository; the policy sees to it that it is one of theirs.
GRANT SELECT, DELETE,
      INSERT (id, user_id, repository_id, name, description, definition, is_template, is_public),
      UPDATE (name, description, definition, is_template, is_public) ON workflows TO miyabi_web_user;
CREATE POLICY web_user_select ON workflows FOR SELECT TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));
CREATE POLICY web_user_select_public ON workflows FOR SELECT TO miyabi_web_user
  USING (is_public AND (SELECT current_web_user_is_known()));
CREATE POLICY web_user_insert ON workflows FOR INSERT TO miyabi_web_user
  WITH CHECK (
    user_id = (SELECT current_web_user_id())
    AND EXISTS (SELECT FROM repositories AS r WHERE r.id = repository_id AND r.user_id = (SELECT current_web_user_id()))
  );
CREATE POLICY web_user_update ON workflows FOR UPDATE TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));
CREATE POLICY web_user_delete ON workflows FOR DELETE TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));

GRANT SELECT, DELETE,
      INSERT (id, user_id, line_user_id, message_type, message_text, parsed_intent, issue_number),
      UPDATE (parsed_intent, issue_number) ON line_messages TO miyabi_web_user;
CREATE POLICY web_user_select ON line_messages FOR SELECT TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));
-- In the name of the LINE account that is linked to them, and of no other.
CREATE POLICY web_user_insert ON line_messages FOR INSERT TO miyabi_web_user
  WITH CHECK (
    user_id = (SELECT current_web_user_id())
    AND line_user_id = (SELECT w.line_user_id FROM web_users AS w WHERE w.id = (SELECT current_web_user_id()))
  );
CREATE POLICY web_user_update ON line_messages FOR UPDATE TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));
CREATE POLICY web_user_delete ON line_messages FOR DELETE TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));

GRANT SELECT, DELETE, INSERT (id, user_id, connection_id, connected_at, last_ping_at), UPDATE (last_ping_at)
  ON websocket_connections TO miyabi_web_user;
CREATE POLICY web_user_select ON websocket_connections FOR SELECT TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));
CREATE POLICY web_user_insert ON websocket_connections FOR INSERT TO miyabi_web_user WITH CHECK (user_id = (SELECT current_web_user_id()));
CREATE POLICY web_user_update ON websocket_connections FOR UPDATE TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));
CREATE POLICY web_user_delete ON websocket_connections FOR DELETE TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));


-- =====================================================================================================================
-- Agents
-- =====================================================================================================================

GRANT SELECT, DELETE,
      INSERT (id, user_id, repository_id, agent_type, issue_number, status, started_at, completed_at, error_message, result, options),
      UPDATE (issue_number, status, started_at, completed_at, error_message, result, options) ON agent_executions TO miyabi_web_user;
CREATE POLICY web_user_select ON agent_executions FOR SELECT TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));
CREATE POLICY web_user_insert ON agent_executions FOR INSERT TO miyabi_web_user
  WITH CHECK (
    user_id = (SELECT current_web_user_id())
    AND EXISTS (SELECT FROM repositories AS r WHERE r.id = repository_id AND r.user_id = (SELECT current_web_user_id()))
  );
CREATE POLICY web_user_update ON agent_executions FOR UPDATE TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));
CREATE POLICY web_user_delete ON agent_executions FOR DELETE TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));

-- A line is written and read, never rewritten. As an array the executions are looked up once, and their index finds the lines.
GRANT SELECT, DELETE, INSERT (id, execution_id, log_level, message, timestamp, metadata) ON execution_logs TO miyabi_web_user;
CREATE POLICY web_user_select ON execution_logs FOR SELECT TO miyabi_web_user
  USING (execution_id = ANY (ARRAY(SELECT e.id FROM agent_executions AS e WHERE e.user_id = (SELECT current_web_user_id()))));
CREATE POLICY web_user_insert ON execution_logs FOR INSERT TO miyabi_web_user
  WITH CHECK (EXISTS (SELECT FROM agent_executions AS e WHERE e.id = execution_id AND e.user_id = (SELECT current_web_user_id())));
CREATE POLICY web_user_delete ON execution_logs FOR DELETE TO miyabi_web_user
  USING (execution_id = ANY (ARRAY(SELECT e.id FROM agent_executions AS e WHERE e.user_id = (SELECT current_web_user_id()))));
