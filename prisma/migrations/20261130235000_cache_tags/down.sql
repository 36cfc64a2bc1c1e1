-- Takes the tags of the cache out of this database, of all tables that asked for them, with what no relay has raised yet: entries of caches
-- end with their time. The topic is opened to people again by the migration itself.
--
-- @loses outbox outbox_topics
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

DO $$
DECLARE
  found record;
BEGIN
  FOR found IN
    SELECT tgname AS name, tgrelid::regclass AS of FROM pg_trigger
     WHERE tgfoid = 'public.cache_tags_changed()'::regprocedure AND NOT tgisinternal
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', found.name, found.of);
  END LOOP;
END
$$;
DROP FUNCTION public.cache_tags(text), public.cache_tags_off(text), public.cache_tags_changed(), public.cache_tags_leave(text[]);

DROP POLICY definer_insert ON public.outbox;
REVOKE INSERT (id, topic, payload, actor_kind) ON public.outbox FROM miyabi_definer;
DROP POLICY definer_select_held ON public.outbox_partitions;
DELETE FROM public.outbox WHERE topic = 'tags';
DELETE FROM public.outbox_topics WHERE topic = 'tags';

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
