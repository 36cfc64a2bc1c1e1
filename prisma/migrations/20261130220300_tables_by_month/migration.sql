-- usage_events, logs, execution_logs and line_messages in months of their ids, without a copy: what is there becomes the first partition.
-- Their keys, indexes, policies and grants are the same, and reach through to every month; a month by itself is nobody's.

SET LOCAL lock_timeout = '500ms';
SET LOCAL statement_timeout = '5min';

-- All locks first.
SELECT parts.take_locks(
  'public.users, public.plugins, public.web_users, public.agent_executions IN SHARE ROW EXCLUSIVE',
  'public.usage_events, public.logs, public.execution_logs, public.line_messages IN ACCESS EXCLUSIVE'
);

-- Index names are those of their schema: the old ones move away with their table, and the new ones are called as they were.

-- =====================================================================================================================
-- usage_events
-- =====================================================================================================================

ALTER TABLE usage_events SET SCHEMA parts;
-- @ignore renaming-table: it goes on as the first partition, under the table's name
ALTER TABLE parts.usage_events RENAME TO usage_events_before;

CREATE TABLE usage_events (
  LIKE parts.usage_events_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMMENTS
) PARTITION BY RANGE (id);
COMMENT ON TABLE usage_events IS 'Single uses of plugins.';
ALTER TABLE usage_events DROP CONSTRAINT usage_events_before_months;
ALTER TABLE usage_events ADD CONSTRAINT usage_events_pkey PRIMARY KEY (id);
CREATE INDEX usage_events_user_id_plugin_id_created_at_idx ON usage_events (user_id, plugin_id, created_at DESC);
CREATE INDEX usage_events_plugin_id_idx ON usage_events (plugin_id);
CREATE INDEX usage_events_event_type_idx ON usage_events (event_type);
ALTER TABLE usage_events ADD CONSTRAINT usage_events_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE usage_events ADD CONSTRAINT usage_events_plugin_id_fkey FOREIGN KEY (plugin_id) REFERENCES plugins (id) ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE usage_events OWNER TO miyabi_owner;
ALTER TABLE usage_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON usage_events FOR ALL TO miyabi_owner USING (true);
CREATE POLICY service_all ON usage_events FOR ALL TO miyabi_service USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON usage_events TO miyabi_service;
GRANT SELECT ON usage_events TO miyabi_user;
CREATE POLICY user_select ON usage_events FOR SELECT TO miyabi_user USING (user_id = (SELECT current_user_id()));
CREATE POLICY admin_select ON usage_events FOR SELECT TO miyabi_user
  USING (user_id BETWEEN (SELECT first_id_for_admin()) AND 'ffffffff-ffff-ffff-ffff-ffffffffffff');

-- =====================================================================================================================
-- logs
-- =====================================================================================================================

ALTER TABLE logs SET SCHEMA parts;
-- @ignore renaming-table: it goes on as the first partition, under the table's name
ALTER TABLE parts.logs RENAME TO logs_before;

CREATE TABLE logs (
  LIKE parts.logs_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMMENTS
) PARTITION BY RANGE (id);
COMMENT ON TABLE logs IS 'Lines of the application''s own log.';
ALTER TABLE logs DROP CONSTRAINT logs_before_months;
ALTER TABLE logs ADD CONSTRAINT logs_pkey PRIMARY KEY (id);
CREATE INDEX logs_level_idx ON logs (level);
CREATE INDEX logs_created_at_idx ON logs (created_at DESC);

ALTER TABLE logs OWNER TO miyabi_owner;
ALTER TABLE logs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON logs FOR ALL TO miyabi_owner USING (true);
CREATE POLICY service_all ON logs FOR ALL TO miyabi_service USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON logs TO miyabi_service;
GRANT SELECT ON logs TO miyabi_user;
CREATE POLICY admin_select ON logs FOR SELECT TO miyabi_user
  USING (id BETWEEN (SELECT first_id_for_admin()) AND 'ffffffff-ffff-ffff-ffff-ffffffffffff');

-- =====================================================================================================================
-- execution_logs
-- =====================================================================================================================

ALTER TABLE execution_logs SET SCHEMA parts;
-- @ignore renaming-table: it goes on as the first partition, under the table's name
ALTER TABLE parts.execution_logs RENAME TO execution_logs_before;

CREATE TABLE execution_logs (
  LIKE parts.execution_logs_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMMENTS
) PARTITION BY RANGE (id);
COMMENT ON TABLE execution_logs IS 'What agents said while they ran, line by line.';
ALTER TABLE execution_logs DROP CONSTRAINT execution_logs_before_months;
ALTER TABLE execution_logs ADD CONSTRAINT execution_logs_pkey PRIMARY KEY (id);
CREATE INDEX execution_logs_execution_id_timestamp_idx ON execution_logs (execution_id, timestamp DESC);
ALTER TABLE execution_logs ADD CONSTRAINT execution_logs_execution_id_fkey FOREIGN KEY (execution_id) REFERENCES agent_executions (id) ON DELETE CASCADE ON UPDATE RESTRICT;

ALTER TABLE execution_logs OWNER TO miyabi_owner;
ALTER TABLE execution_logs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON execution_logs FOR ALL TO miyabi_owner USING (true);
CREATE POLICY service_all ON execution_logs FOR ALL TO miyabi_service USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON execution_logs TO miyabi_service;
GRANT SELECT, DELETE, INSERT (execution_id, log_level, message, timestamp, metadata) ON execution_logs TO miyabi_web_user;
CREATE POLICY web_user_select ON execution_logs FOR SELECT TO miyabi_web_user
  USING (execution_id = ANY (ARRAY(SELECT e.id FROM agent_executions AS e WHERE e.user_id = (SELECT current_web_user_id()))));
CREATE POLICY web_user_insert ON execution_logs FOR INSERT TO miyabi_web_user
  WITH CHECK (EXISTS (SELECT FROM agent_executions AS e WHERE e.id = execution_id AND e.user_id = (SELECT current_web_user_id())));
CREATE POLICY web_user_delete ON execution_logs FOR DELETE TO miyabi_web_user
  USING (execution_id = ANY (ARRAY(SELECT e.id FROM agent_executions AS e WHERE e.user_id = (SELECT current_web_user_id()))));

-- =====================================================================================================================
-- line_messages
-- =====================================================================================================================

ALTER TABLE line_messages SET SCHEMA parts;
-- @ignore renaming-table: it goes on as the first partition, under the table's name
ALTER TABLE parts.line_messages RENAME TO line_messages_before;

CREATE TABLE line_messages (
  LIKE parts.line_messages_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMMENTS
) PARTITION BY RANGE (id);
COMMENT ON TABLE line_messages IS 'Messages to the LINE bot, and what was understood of them.';
ALTER TABLE line_messages DROP CONSTRAINT line_messages_before_months;
ALTER TABLE line_messages ADD CONSTRAINT line_messages_pkey PRIMARY KEY (id);
CREATE INDEX line_messages_user_id_idx ON line_messages (user_id);
CREATE INDEX line_messages_line_user_id_created_at_idx ON line_messages (line_user_id, created_at DESC);
CREATE INDEX line_messages_issue_number_idx ON line_messages (issue_number);
ALTER TABLE line_messages ADD CONSTRAINT line_messages_user_id_fkey FOREIGN KEY (user_id) REFERENCES web_users (id) ON DELETE CASCADE ON UPDATE RESTRICT;

ALTER TABLE line_messages OWNER TO miyabi_owner;
ALTER TABLE line_messages ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON line_messages FOR ALL TO miyabi_owner USING (true);
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


-- =====================================================================================================================
-- The first partitions
-- =====================================================================================================================

DO $$
DECLARE
  name  text;
  held  record;
  bound uuid;
BEGIN
  FOREACH name IN ARRAY ARRAY['usage_events', 'logs', 'execution_logs', 'line_messages'] LOOP
    FOR held IN SELECT polname, polrelid::regclass AS place FROM pg_policy WHERE polrelid = format('parts.%I', name || '_before')::regclass AND polname <> 'owner_all' LOOP
      EXECUTE format('DROP POLICY %I ON %s', held.polname, held.place);
    END LOOP;
    FOR held IN
      SELECT DISTINCT CASE had.grantee WHEN 0 THEN 'PUBLIC' ELSE had.grantee::regrole::text END AS grantee, c.oid::regclass AS place
        FROM pg_class AS c
        JOIN (SELECT oid AS relation, relacl AS acl FROM pg_class
              UNION ALL SELECT attrelid, attacl FROM pg_attribute) AS rights ON rights.relation = c.oid,
             aclexplode(rights.acl) AS had
       WHERE c.oid = format('parts.%I', name || '_before')::regclass AND had.grantee <> c.relowner
    LOOP
      EXECUTE format('REVOKE ALL ON %s FROM %s', held.place, held.grantee);
    END LOOP;

    -- That its ids end here was checked before, so that no row is read now.
    SELECT substring(pg_get_constraintdef(oid) FROM '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}')::uuid INTO STRICT bound
      FROM pg_constraint WHERE conrelid = format('parts.%I', name || '_before')::regclass AND conname = name || '_before_months';
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION parts.%I FOR VALUES FROM (MINVALUE) TO (%L)', name, name || '_before', bound);
    PERFORM parts.add_month(name::regclass, ((time_of_id(bound) + interval '24 hours') AT TIME ZONE 'UTC')::date);
  END LOOP;
END
$$;
