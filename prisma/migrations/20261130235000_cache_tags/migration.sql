-- Tags of the cache, raised by the tables themselves (docs/CACHE.md): a statement that changes rows of a table that asks for it leaves in
-- the outbox which of them it changed, whoever runs it, and a relay raises the tags once that has committed.
--
--   * SELECT cache_tags('plugins') makes a table ask for it; SELECT cache_tags_off('plugins') ends that. Both are the owner's.
--   * users and web_users raise the tag of the person whose row changed, so that nothing outlives a change of somebody's role.
--   * Such rows of the outbox are the service's, whoever caused them: they are written by a function of miyabi_definer, which alone may do
--     that, and for the topic `tags` alone. Their tags are made from the rows that changed.
--   * Where no relay has worked for a day, nothing is written: no entry of a cache is older, and the outbox would grow for nobody.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

GRANT CREATE ON SCHEMA public TO miyabi_owner, miyabi_definer;

-- Everybody may raise the tag of their own identity, and the relay refuses what nobody opened.
INSERT INTO public.outbox_topics (topic, opened_to) VALUES ('tags', ARRAY['user', 'web_user']);

CREATE OR REPLACE FUNCTION public.outbox_place() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- Within this function current_user is its owner; the setting still says who called.
  caller CONSTANT text := coalesce(nullif(current_setting('role'), 'none'), session_user);
BEGIN
  IF pg_has_role(caller, 'miyabi_service', 'USAGE') OR pg_has_role(caller, 'miyabi_owner', 'USAGE') THEN
    -- One that is given a second chance keeps whose it is.
    NEW.actor_kind := coalesce(NEW.actor_kind, 'service');
  ELSIF NEW.topic = 'tags' AND NEW.actor_kind = 'service' AND NEW.key IS NULL THEN
    -- People have no right to the column: this comes from a trigger of the cache. What is not set has its default.
    NULL;
  ELSE
    IF pg_has_role(caller, 'miyabi_user', 'USAGE') THEN
      NEW.actor_kind := 'user';
      NEW.actor := coalesce(nullif(current_setting('miyabi.user_id', true), ''), public.identity_missing('user'))::uuid;
    ELSE
      NEW.actor_kind := 'web_user';
      NEW.actor := coalesce(nullif(current_setting('miyabi.web_user_id', true), ''), public.identity_missing('web_user'))::uuid;
    END IF;
    IF NOT EXISTS (SELECT FROM public.outbox_topics AS t WHERE t.topic = NEW.topic AND NEW.actor_kind = ANY (t.opened_to)) THEN
      RAISE EXCEPTION 'This effect is not open to a %.', replace(NEW.actor_kind, '_', ' ')
        USING ERRCODE = 'MY002', HINT = 'miyabi outbox topics plan';
    END IF;
    -- Beside no row of anybody else's, whom it could hold up.
    NEW.key := NEW.actor_kind || ':' || NEW.actor || ':' || NEW.key;
    NEW.due_at := least(NEW.due_at, clock_timestamp() + interval '366 days');
    NEW.transaction_id := pg_current_xact_id()::text::bigint;
  END IF;
  IF NEW.key IS NULL THEN
    NEW.partition := floor(random() * 16);
  ELSE
    NEW.partition := hashtextextended(NEW.key, 0) & 15;
    -- Until the transaction ends: whoever comes later gets a later position.
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.key, 7213));
  END IF;
  -- Before the position: whoever gets an id of a transaction later than a position was taken, gets a higher one.
  PERFORM pg_current_xact_id();
  NEW.position := nextval('public.outbox_position');
  NEW.attempts := 0;
  NEW.last_error := NULL;
  RETURN NEW;
END
$$;

CREATE FUNCTION public.cache_tags_leave(p_tags text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.outbox_partitions WHERE held_until > clock_timestamp() - interval '1 day') THEN
    RETURN;
  END IF;
  INSERT INTO public.outbox (id, topic, payload, actor_kind)
  SELECT gen_random_uuid(), 'tags', json_build_object('tags', array_agg(tag)), 'service'
    FROM unnest(p_tags) WITH ORDINALITY AS of (tag, n)
   WHERE octet_length(tag) <= 500 AND tag !~ '[\n]' -- no application has a longer one
   GROUP BY n / 100;
END
$$;
COMMENT ON FUNCTION public.cache_tags_leave(text[]) IS
  'Leaves tags in the outbox, as the service. For the triggers of the cache alone: nobody may execute it.';

-- The functions of the triggers differ in what a statement has: rows of before, of after, or both.
CREATE FUNCTION public.cache_tags_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- The column is the one that cache_tags() found: nothing here comes from whoever changes rows.
  changed CONSTANT text := CASE TG_OP
    WHEN 'INSERT' THEN 'SELECT %1$I AS key FROM new_rows' WHEN 'DELETE' THEN 'SELECT %1$I AS key FROM old_rows'
    ELSE 'SELECT %1$I AS key FROM old_rows UNION ALL SELECT %1$I FROM new_rows' END;
  tags text[];
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    PERFORM public.cache_tags_leave(ARRAY['all']);
    RETURN NULL;
  END IF;
  EXECUTE format('SELECT array_agg(key) FROM (SELECT DISTINCT key::text AS key FROM (' || changed || ') AS changed LIMIT 1001) AS keys', TG_ARGV[0])
    INTO tags;
  IF tags IS NULL THEN
    RETURN NULL;
  ELSIF cardinality(tags) > 1000 THEN
    PERFORM public.cache_tags_leave(ARRAY['all']);
  ELSIF TG_ARGV[1] = 'row' THEN
    PERFORM public.cache_tags_leave(
      array_prepend('table:' || TG_TABLE_NAME, ARRAY(SELECT 'row:' || TG_TABLE_NAME || ':' || key FROM unnest(tags) AS of (key))));
  ELSE
    PERFORM public.cache_tags_leave(ARRAY(SELECT TG_ARGV[1] || ':' || key FROM unnest(tags) AS of (key)));
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION public.cache_tags_changed() IS
  'Leaves in the outbox the tags of the rows that a statement changed: of the rows and their table, or of the persons that they are.';

CREATE FUNCTION public.cache_tags(p_table text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- Of this schema alone, by its very name.
  asked CONSTANT regclass := to_regclass('public.' || quote_ident(p_table));
  key text;
BEGIN
  SELECT min(attribute.attname) INTO key
    FROM pg_index AS index
    JOIN pg_attribute AS attribute ON attribute.attrelid = index.indrelid AND attribute.attnum = ANY (index.indkey)
   WHERE index.indrelid = asked AND index.indisprimary HAVING count(*) = 1;
  IF key IS NULL THEN
    RAISE EXCEPTION 'The cache knows rows by a primary key of one column, which public.% does not have.', p_table;
  END IF;
  PERFORM public.cache_tags_off(p_table);
  EXECUTE format('CREATE TRIGGER cache_tags_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.cache_tags_changed(%L, %L)', asked, key, 'row');
  EXECUTE format('CREATE TRIGGER cache_tags_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.cache_tags_changed(%L, %L)', asked, key, 'row');
  EXECUTE format('CREATE TRIGGER cache_tags_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION public.cache_tags_changed(%L, %L)', asked, key, 'row');
  EXECUTE format('CREATE TRIGGER cache_tags_truncate AFTER TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION public.cache_tags_changed(%L, %L)', asked, key, 'row');
END
$$;
COMMENT ON FUNCTION public.cache_tags(text) IS 'Lets a table raise tag.row and tag.table of the cache, whoever writes. For the owner, in a migration.';

CREATE FUNCTION public.cache_tags_off(p_table text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  trigger_name text;
BEGIN
  FOR trigger_name IN
    SELECT tgname FROM pg_trigger
     WHERE tgrelid = to_regclass('public.' || quote_ident(p_table)) AND NOT tgisinternal
       AND tgname IN ('cache_tags_insert', 'cache_tags_update', 'cache_tags_delete', 'cache_tags_truncate')
  LOOP
    EXECUTE format('DROP TRIGGER %I ON public.%I', trigger_name, p_table);
  END LOOP;
END
$$;
COMMENT ON FUNCTION public.cache_tags_off(text) IS 'Ends what cache_tags() began.';

-- A person who is new has no entry yet.
CREATE TRIGGER cache_person_update AFTER UPDATE ON public.users REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION public.cache_tags_changed('id', 'user');
CREATE TRIGGER cache_person_delete AFTER DELETE ON public.users REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION public.cache_tags_changed('id', 'user');
CREATE TRIGGER cache_person_truncate AFTER TRUNCATE ON public.users
  FOR EACH STATEMENT EXECUTE FUNCTION public.cache_tags_changed('id', 'user');
CREATE TRIGGER cache_person_update AFTER UPDATE ON public.web_users REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION public.cache_tags_changed('id', 'web_user');
CREATE TRIGGER cache_person_delete AFTER DELETE ON public.web_users REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION public.cache_tags_changed('id', 'web_user');
CREATE TRIGGER cache_person_truncate AFTER TRUNCATE ON public.web_users
  FOR EACH STATEMENT EXECUTE FUNCTION public.cache_tags_changed('id', 'web_user');

-- What the functions need.
GRANT INSERT (id, topic, payload, actor_kind) ON public.outbox TO miyabi_definer;
-- The one function that inserts takes no topic, and the trigger takes no other one for the service's.
CREATE POLICY definer_insert ON public.outbox FOR INSERT TO miyabi_definer WITH CHECK (true);
GRANT SELECT (held_until) ON public.outbox_partitions TO miyabi_definer;
CREATE POLICY definer_select_held ON public.outbox_partitions FOR SELECT TO miyabi_definer USING (true);

ALTER FUNCTION public.cache_tags_leave(text[]) OWNER TO miyabi_definer;
ALTER FUNCTION public.cache_tags_changed() OWNER TO miyabi_definer;
ALTER FUNCTION public.cache_tags(text) OWNER TO miyabi_owner;
ALTER FUNCTION public.cache_tags_off(text) OWNER TO miyabi_owner;
REVOKE CREATE ON SCHEMA public FROM miyabi_definer;
REVOKE EXECUTE ON FUNCTION
  public.cache_tags_leave(text[]), public.cache_tags_changed(), public.cache_tags(text), public.cache_tags_off(text) FROM PUBLIC;
