-- The four tables in one piece each. The largest partition becomes the table, without a copy; rows of others, which there are none of
-- for a month at least after the conversion, are put into it while writers wait. No row is lost.

SET LOCAL lock_timeout = '500ms';
SET LOCAL statement_timeout = '2h';

SELECT parts.take_locks(
  'public.users, public.plugins, public.web_users, public.agent_executions IN SHARE ROW EXCLUSIVE',
  'public.usage_events, public.logs, public.execution_logs, public.line_messages IN ACCESS EXCLUSIVE'
);

DO $$
DECLARE
  name    text;
  base    regclass;
  part    record;
  renames text[];
  ddl     text;
  moved   bigint;
BEGIN
  FOREACH name IN ARRAY ARRAY['usage_events', 'logs', 'execution_logs', 'line_messages'] LOOP
    SELECT inhrelid INTO STRICT base FROM pg_inherits WHERE inhparent = name::regclass
     ORDER BY pg_relation_size(inhrelid) DESC, inhrelid LIMIT 1;

    -- What is called otherwise in a month than in the table.
    renames := ARRAY(
      SELECT format('ALTER INDEX parts.%I RENAME TO %I', own.relname, whole.relname)
        FROM pg_inherits AS i JOIN pg_index AS x ON x.indexrelid = i.inhrelid JOIN pg_class AS own ON own.oid = i.inhrelid
        JOIN pg_class AS whole ON whole.oid = i.inhparent
       WHERE x.indrelid = base AND own.relname <> whole.relname);

    EXECUTE format('ALTER TABLE %I DETACH PARTITION %s', name, base);
    EXECUTE format('SELECT count(*) FROM (SELECT FROM %I LIMIT 1) AS row', name) INTO moved;
    IF moved > 0 OR NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = base AND conname = name || '_before_months') THEN
      EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', base, name || '_before_months');
      EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM %I', base,
        (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
          WHERE attrelid = name::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''), name);
      EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (id IS NOT NULL AND id < %L::uuid) NOT VALID', base, name || '_before_months',
        id_floor((date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months') AT TIME ZONE 'UTC' - interval '24 hours'));
    END IF;
    EXECUTE format('DROP TABLE %I', name);
    FOREACH ddl IN ARRAY renames LOOP EXECUTE ddl; END LOOP;
    EXECUTE format('ALTER TABLE %s RENAME TO %I', base, name);
    EXECUTE format('ALTER TABLE parts.%I SET SCHEMA public', name);
  END LOOP;
END
$$;

COMMENT ON TABLE usage_events IS 'Single uses of plugins.';
ALTER TABLE usage_events OWNER TO miyabi_owner;
CREATE POLICY service_all ON usage_events FOR ALL TO miyabi_service USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON usage_events TO miyabi_service;
GRANT SELECT ON usage_events TO miyabi_user;
CREATE POLICY user_select ON usage_events FOR SELECT TO miyabi_user USING (user_id = (SELECT current_user_id()));
CREATE POLICY admin_select ON usage_events FOR SELECT TO miyabi_user
  USING (user_id BETWEEN (SELECT first_id_for_admin()) AND 'ffffffff-ffff-ffff-ffff-ffffffffffff');

COMMENT ON TABLE logs IS 'Lines of the application''s own log.';
ALTER TABLE logs OWNER TO miyabi_owner;
CREATE POLICY service_all ON logs FOR ALL TO miyabi_service USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON logs TO miyabi_service;
GRANT SELECT ON logs TO miyabi_user;
CREATE POLICY admin_select ON logs FOR SELECT TO miyabi_user
  USING (id BETWEEN (SELECT first_id_for_admin()) AND 'ffffffff-ffff-ffff-ffff-ffffffffffff');

COMMENT ON TABLE execution_logs IS 'What agents said while they ran, line by line.';
COMMENT ON COLUMN execution_logs.timestamp IS 'When the agent said it; created_at is when it was stored.';
ALTER TABLE execution_logs OWNER TO miyabi_owner;
CREATE POLICY service_all ON execution_logs FOR ALL TO miyabi_service USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON execution_logs TO miyabi_service;
GRANT SELECT, DELETE, INSERT (execution_id, log_level, message, timestamp, metadata) ON execution_logs TO miyabi_web_user;
CREATE POLICY web_user_select ON execution_logs FOR SELECT TO miyabi_web_user
  USING (execution_id = ANY (ARRAY(SELECT e.id FROM agent_executions AS e WHERE e.user_id = (SELECT current_web_user_id()))));
CREATE POLICY web_user_insert ON execution_logs FOR INSERT TO miyabi_web_user
  WITH CHECK (EXISTS (SELECT FROM agent_executions AS e WHERE e.id = execution_id AND e.user_id = (SELECT current_web_user_id())));
CREATE POLICY web_user_delete ON execution_logs FOR DELETE TO miyabi_web_user
  USING (execution_id = ANY (ARRAY(SELECT e.id FROM agent_executions AS e WHERE e.user_id = (SELECT current_web_user_id()))));

COMMENT ON TABLE line_messages IS 'Messages to the LINE bot, and what was understood of them.';
ALTER TABLE line_messages OWNER TO miyabi_owner;
CREATE POLICY service_all ON line_messages FOR ALL TO miyabi_service USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON line_messages TO miyabi_service;
GRANT SELECT, DELETE,
      INSERT (user_id, line_user_id, message_type, message_text, parsed_intent, issue_number),
      UPDATE (parsed_intent, issue_number) ON line_messages TO miyabi_web_user;
CREATE POLICY web_user_select ON line_messages FOR SELECT TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));
CREATE POLICY web_user_insert ON line_messages FOR INSERT TO miyabi_web_user
  WITH CHECK (
    user_id = (SELECT current_web_user_id())
    AND line_user_id = (SELECT w.line_user_id FROM web_users AS w WHERE w.id = (SELECT current_web_user_id()))
  );
CREATE POLICY web_user_update ON line_messages FOR UPDATE TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));
CREATE POLICY web_user_delete ON line_messages FOR DELETE TO miyabi_web_user USING (user_id = (SELECT current_web_user_id()));
