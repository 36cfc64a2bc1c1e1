-- What is to happen elsewhere because a transaction has committed: rows that the transaction itself writes, and that a relay carries out
-- afterwards (docs/OUTBOX.md). And marks of commits, by which the outcome of a COMMIT whose answer was lost is found out.
--
--   * Rows of one key are carried out in the order of their commits. No sequence gives that order, and no horizon of a snapshot does: the
--     trigger takes a lock of the key, held until the end of the transaction, before it takes the next position.
--   * People write only effects that outbox_topics opens to them, under keys of their own, and read nothing. Who they are is set here.
--   * Rows are deleted when they are done, so the settings of autovacuum are those of a queue.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

GRANT CREATE ON SCHEMA public TO miyabi_owner, miyabi_definer;

-- =====================================================================================================================
-- Tables
-- =====================================================================================================================

CREATE SEQUENCE public.outbox_position AS bigint;

CREATE TABLE public.outbox (
  partition      smallint NOT NULL,
  position       bigint NOT NULL,
  id             uuid NOT NULL,
  key            text,
  topic          text NOT NULL,
  version        smallint NOT NULL DEFAULT 1,
  -- json, not jsonb: as it was written, with U+0000 in a text, which jsonb refuses.
  payload        json NOT NULL,
  actor_kind     text NOT NULL,
  actor          uuid,
  created_at     timestamptz(3) NOT NULL DEFAULT public.current_instant(),
  due_at         timestamptz(3) NOT NULL DEFAULT public.current_instant(),
  attempts       integer NOT NULL DEFAULT 0,
  last_error     text,
  transaction_id bigint,
  CONSTRAINT outbox_pkey PRIMARY KEY (partition, position),
  CONSTRAINT outbox_key_within_1100_bytes CHECK (octet_length(key) BETWEEN 1 AND 1100),
  CONSTRAINT outbox_topic_within_100_bytes CHECK (octet_length(topic) BETWEEN 1 AND 100),
  CONSTRAINT outbox_version_from_1 CHECK (version >= 1),
  CONSTRAINT outbox_payload_within_64_kib CHECK (octet_length(payload::text) <= 65536),
  CONSTRAINT outbox_actor_kind_known CHECK (actor_kind IN ('service', 'user', 'web_user')),
  CONSTRAINT outbox_actor_agrees_with_kind CHECK ((actor IS NULL) = (actor_kind = 'service')),
  CONSTRAINT outbox_created_at_within_years_1_to_9999 CHECK (created_at >= '0001-01-01 00:00:00+00' AND created_at < '10000-01-01 00:00:00+00'),
  CONSTRAINT outbox_due_at_within_years_1_to_9999 CHECK (due_at >= '0001-01-01 00:00:00+00' AND due_at < '10000-01-01 00:00:00+00')
) WITH (
  fillfactor = 90, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = -1,
  autovacuum_vacuum_cost_delay = 0
);
COMMENT ON TABLE public.outbox IS 'What a committed transaction causes elsewhere, until a relay has carried it out.';
COMMENT ON COLUMN public.outbox.position IS 'The order of commits among the rows of one key: taken under the lock of the key.';
COMMENT ON COLUMN public.outbox.transaction_id IS 'Of a person''s transaction, whose rows are counted. Null for the service.';
ALTER SEQUENCE public.outbox_position OWNED BY public.outbox.position;
-- The few that have failed: they hold back their key.
CREATE INDEX outbox_failed_idx ON public.outbox (key, position) WHERE attempts > 0;
CREATE INDEX outbox_transaction_idx ON public.outbox (transaction_id) WHERE transaction_id IS NOT NULL;

CREATE TABLE public.outbox_dead (
  partition  smallint NOT NULL,
  position   bigint NOT NULL,
  id         uuid NOT NULL,
  key        text,
  topic      text NOT NULL,
  version    smallint NOT NULL DEFAULT 1,
  payload    json NOT NULL,
  actor_kind text NOT NULL,
  actor      uuid,
  created_at timestamptz(3) NOT NULL DEFAULT public.current_instant(),
  due_at     timestamptz(3) NOT NULL DEFAULT public.current_instant(),
  attempts   integer NOT NULL DEFAULT 0,
  last_error text,
  died_at    timestamptz(3) NOT NULL DEFAULT public.current_instant(),
  CONSTRAINT outbox_dead_pkey PRIMARY KEY (position)
);
COMMENT ON TABLE public.outbox_dead IS 'Effects that no attempt carried out, until somebody retries or discards them.';
CREATE INDEX outbox_dead_id_idx ON public.outbox_dead (id);
CREATE INDEX outbox_dead_died_at_idx ON public.outbox_dead (died_at);

CREATE TABLE public.outbox_partitions (
  partition  smallint NOT NULL,
  holder     uuid,
  fence      bigint NOT NULL DEFAULT 0,
  held_until timestamptz(3) NOT NULL DEFAULT '1970-01-01 00:00:00+00',
  CONSTRAINT outbox_partitions_pkey PRIMARY KEY (partition)
) WITH (fillfactor = 50);
COMMENT ON TABLE public.outbox_partitions IS 'Which relay works on which sixteenth of the outbox, and until when.';
INSERT INTO public.outbox_partitions (partition) SELECT generate_series(0, 15);

CREATE TABLE public.outbox_topics (
  topic      text NOT NULL,
  opened_to  text[] NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT public.current_instant(),
  CONSTRAINT outbox_topics_pkey PRIMARY KEY (topic),
  CONSTRAINT outbox_topics_topic_within_100_bytes CHECK (octet_length(topic) BETWEEN 1 AND 100),
  CONSTRAINT outbox_topics_opened_to_known CHECK (opened_to <@ ARRAY['user', 'web_user'] AND cardinality(opened_to) > 0)
);
COMMENT ON TABLE public.outbox_topics IS 'Effects that people may cause. Written by the owner: miyabi outbox topics apply.';
CREATE TRIGGER set_updated_at BEFORE UPDATE ON public.outbox_topics FOR EACH ROW EXECUTE FUNCTION public.set_updated_at();
INSERT INTO public.outbox_topics (topic, opened_to) VALUES ('events.append', ARRAY['user', 'web_user']);

CREATE TABLE public.commit_marks (
  id             uuid NOT NULL,
  given_up       boolean NOT NULL,
  actor_kind     text NOT NULL,
  actor          uuid,
  created_at     timestamptz(3) NOT NULL DEFAULT public.current_instant(),
  transaction_id bigint,
  purge_after    bigint,
  CONSTRAINT commit_marks_pkey PRIMARY KEY (id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE public.commit_marks IS 'A row of each transaction that is to be certain of its outcome: written by it, or given up by whoever asked.';
COMMENT ON COLUMN public.commit_marks.transaction_id IS 'Of a person''s transaction, which writes one mark. Null for the service, and where it was given up.';
COMMENT ON COLUMN public.commit_marks.purge_after IS 'A mark that was given up goes when every transaction with a lower id has ended.';
CREATE UNIQUE INDEX commit_marks_transaction_idx ON public.commit_marks (transaction_id) WHERE transaction_id IS NOT NULL;
CREATE INDEX commit_marks_given_up_idx ON public.commit_marks (actor) WHERE given_up;
CREATE INDEX commit_marks_created_at_idx ON public.commit_marks (created_at);


-- =====================================================================================================================
-- Who is asking, and where a row goes
-- =====================================================================================================================

CREATE FUNCTION public.outbox_place() RETURNS trigger
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
  NEW.position := nextval('public.outbox_position');
  NEW.attempts := 0;
  NEW.last_error := NULL;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION public.outbox_place() IS 'Says whose a row of the outbox is, and gives it its partition and position, under the lock of its key.';
CREATE TRIGGER outbox_place BEFORE INSERT ON public.outbox FOR EACH ROW EXECUTE FUNCTION public.outbox_place();

CREATE FUNCTION public.outbox_bound() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (SELECT count(*) FROM public.outbox WHERE transaction_id = pg_current_xact_id()::text::bigint) > 1000 THEN
    RAISE EXCEPTION 'A transaction of a person writes at most 1000 rows into the outbox.' USING ERRCODE = 'MY003';
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION public.outbox_bound() IS 'Bounds what one transaction of a person writes into the outbox.';
CREATE TRIGGER outbox_bound AFTER INSERT ON public.outbox FOR EACH STATEMENT EXECUTE FUNCTION public.outbox_bound();


-- =====================================================================================================================
-- Whether a transaction has committed
-- =====================================================================================================================

CREATE FUNCTION public.commit_mark(p_id uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  caller CONSTANT text := coalesce(nullif(current_setting('role'), 'none'), session_user);
  -- Before the clock is read: whoever purges sees this transaction, or has purged after what the clock says.
  transaction_id CONSTANT bigint := pg_current_xact_id()::text::bigint;
BEGIN
  IF clock_timestamp() - transaction_timestamp() > interval '9 minutes' THEN
    RAISE EXCEPTION 'A transaction marks its commit within nine minutes of its beginning.' USING ERRCODE = 'MY004';
  END IF;
  IF pg_has_role(caller, 'miyabi_service', 'USAGE') OR pg_has_role(caller, 'miyabi_owner', 'USAGE') THEN
    INSERT INTO public.commit_marks (id, given_up, actor_kind) VALUES (p_id, false, 'service');
  ELSIF pg_has_role(caller, 'miyabi_user', 'USAGE') THEN
    INSERT INTO public.commit_marks (id, given_up, actor_kind, actor, transaction_id) VALUES (p_id, false, 'user',
      coalesce(nullif(current_setting('miyabi.user_id', true), ''), public.identity_missing('user'))::uuid, transaction_id);
  ELSE
    INSERT INTO public.commit_marks (id, given_up, actor_kind, actor, transaction_id) VALUES (p_id, false, 'web_user',
      coalesce(nullif(current_setting('miyabi.web_user_id', true), ''), public.identity_missing('web_user'))::uuid, transaction_id);
  END IF;
END
$$;
COMMENT ON FUNCTION public.commit_mark(uuid) IS
  'Writes the mark of a transaction, as the last thing before its COMMIT. Fails where somebody has given it up.';

CREATE FUNCTION public.commit_outcome(p_id uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  caller CONSTANT text := coalesce(nullif(current_setting('role'), 'none'), session_user);
  asking_kind text := 'service';
  asking uuid;
BEGIN
  IF NOT (pg_has_role(caller, 'miyabi_service', 'USAGE') OR pg_has_role(caller, 'miyabi_owner', 'USAGE')) THEN
    IF pg_has_role(caller, 'miyabi_user', 'USAGE') THEN
      asking_kind := 'user';
      asking := coalesce(nullif(current_setting('miyabi.user_id', true), ''), public.identity_missing('user'))::uuid;
    ELSE
      asking_kind := 'web_user';
      asking := coalesce(nullif(current_setting('miyabi.web_user_id', true), ''), public.identity_missing('web_user'))::uuid;
    END IF;
    IF (SELECT count(*) FROM (SELECT FROM public.commit_marks WHERE given_up AND actor = asking LIMIT 100) AS open) >= 100 THEN
      RAISE EXCEPTION 'At most 100 marks of commits that a person has given up are open.' USING ERRCODE = 'MY005';
    END IF;
  END IF;
  -- Waits for a transaction that has written the same id and is still under way.
  INSERT INTO public.commit_marks (id, given_up, actor_kind, actor) VALUES (p_id, true, asking_kind, asking) ON CONFLICT (id) DO NOTHING;
  IF FOUND THEN
    RETURN 'rolled_back';
  END IF;
  RETURN (SELECT CASE WHEN given_up THEN 'rolled_back' ELSE 'committed' END FROM public.commit_marks WHERE id = p_id);
END
$$;
COMMENT ON FUNCTION public.commit_outcome(uuid) IS
  'Whether the transaction of a mark has committed; where it has not, it never will: its mark is given up. To be called outside a transaction.';

CREATE FUNCTION public.purge_commit_marks() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  given_up_gone bigint;
  others_gone bigint;
BEGIN
  -- A transaction that began before a mark was given up, and has not written its own yet, is refused it after nine minutes. One that has
  -- asked for its transaction id, and with that may have looked at the clock already, has a lower id than the next one is.
  DELETE FROM public.commit_marks WHERE given_up AND purge_after <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
  GET DIAGNOSTICS given_up_gone = ROW_COUNT;
  UPDATE public.commit_marks SET purge_after = pg_snapshot_xmax(pg_current_snapshot())::text::bigint
   WHERE given_up AND purge_after IS NULL AND created_at < clock_timestamp() - interval '10 minutes';
  -- Whoever asks does so within half an hour.
  DELETE FROM public.commit_marks WHERE NOT given_up AND created_at < clock_timestamp() - interval '1 hour';
  GET DIAGNOSTICS others_gone = ROW_COUNT;
  RETURN given_up_gone + others_gone;
END
$$;
COMMENT ON FUNCTION public.purge_commit_marks() IS 'Deletes the marks of commits that nobody needs any more. To be called every minute or so, outside a transaction.';


-- =====================================================================================================================
-- Owners, row-level security, grants
-- =====================================================================================================================

DO $$
DECLARE
  name    text;
  grantee text;
BEGIN
  FOREACH name IN ARRAY ARRAY['outbox', 'outbox_dead', 'outbox_partitions', 'outbox_topics', 'commit_marks'] LOOP
    -- What default privileges gave when the table was made, to whomever.
    FOR grantee IN
      SELECT DISTINCT CASE held.grantee WHEN 0 THEN 'PUBLIC' ELSE held.grantee::regrole::text END
        FROM pg_catalog.pg_class AS class, pg_catalog.aclexplode(class.relacl) AS held
       WHERE class.oid = to_regclass('public.' || name) AND held.grantee <> class.relowner
    LOOP
      EXECUTE format('REVOKE ALL ON public.%I FROM %s', name, grantee);
    END LOOP;
    EXECUTE format('ALTER TABLE public.%I OWNER TO miyabi_owner', name);
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY owner_all ON public.%I FOR ALL TO miyabi_owner USING (true)', name);
    EXECUTE format('CREATE POLICY service_all ON public.%I FOR ALL TO miyabi_service USING (true)', name);
  END LOOP;
END
$$;

-- Without SELECT there is no RETURNING, and nobody learns a position.
GRANT INSERT (id, key, topic, version, payload, due_at) ON public.outbox TO miyabi_user, miyabi_web_user;
-- Whose a row is comes from the trigger alone, so there is nothing to compare.
CREATE POLICY user_insert ON public.outbox FOR INSERT TO miyabi_user WITH CHECK (true);
CREATE POLICY web_user_insert ON public.outbox FOR INSERT TO miyabi_web_user WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.outbox, public.outbox_dead TO miyabi_service;
GRANT SELECT, UPDATE ON public.outbox_partitions TO miyabi_service;
-- What is open to people is no secret, and only the owner opens anything.
GRANT SELECT ON public.outbox_topics TO miyabi_service, miyabi_user, miyabi_web_user;
CREATE POLICY user_select ON public.outbox_topics FOR SELECT TO miyabi_user USING (true);
CREATE POLICY web_user_select ON public.outbox_topics FOR SELECT TO miyabi_web_user USING (true);
GRANT SELECT, UPDATE, DELETE ON public.commit_marks TO miyabi_service;

-- What the functions need.
GRANT USAGE ON SEQUENCE public.outbox_position TO miyabi_definer;
GRANT SELECT (topic, opened_to) ON public.outbox_topics TO miyabi_definer;
CREATE POLICY definer_select ON public.outbox_topics FOR SELECT TO miyabi_definer USING (true);
GRANT SELECT (transaction_id) ON public.outbox TO miyabi_definer;
CREATE POLICY definer_select ON public.outbox FOR SELECT TO miyabi_definer USING (true);
GRANT SELECT (id, given_up, actor), INSERT (id, given_up, actor_kind, actor, transaction_id) ON public.commit_marks TO miyabi_definer;
CREATE POLICY definer_select ON public.commit_marks FOR SELECT TO miyabi_definer USING (true);
CREATE POLICY definer_insert ON public.commit_marks FOR INSERT TO miyabi_definer WITH CHECK (true);

ALTER FUNCTION public.outbox_place() OWNER TO miyabi_definer;
ALTER FUNCTION public.outbox_bound() OWNER TO miyabi_definer;
ALTER FUNCTION public.commit_mark(uuid) OWNER TO miyabi_definer;
ALTER FUNCTION public.commit_outcome(uuid) OWNER TO miyabi_definer;
ALTER FUNCTION public.purge_commit_marks() OWNER TO miyabi_owner;
REVOKE CREATE ON SCHEMA public FROM miyabi_definer;

REVOKE EXECUTE ON FUNCTION
  public.outbox_place(), public.outbox_bound(), public.commit_mark(uuid), public.commit_outcome(uuid), public.purge_commit_marks()
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.commit_mark(uuid), public.commit_outcome(uuid)
  TO miyabi_service, miyabi_owner, miyabi_user, miyabi_web_user;
GRANT EXECUTE ON FUNCTION public.purge_commit_marks() TO miyabi_service;
