-- Rows for `pnpm db:migrate verify`, which puts them in after migration.sql, never into a database that is used.
INSERT INTO stream_shards (consumer, stream, shard, parent, generation, state, gap, sequence, record_at, since, holder, held_until)
VALUES ('a', 'a', 'a', 'a', 1, 'gap', 'trimmed', 'a', '2026-01-01 12:00Z', '2026-01-01 12:00Z', '00000000-0000-7000-8000-0000000000aa', '2026-01-01 12:00Z');
INSERT INTO stream_dead (consumer, stream, shard, sequence, record, code, message)
VALUES ('a', 'a', 'a', 'a', '{}', 'a', 'a');
UPDATE usage_events SET quantity = 1, meter = 'agent_executions', agent = 'a' WHERE ctid = (SELECT min(ctid) FROM usage_events);
INSERT INTO agent_executions (user_id, repository_id, agent_type, status, state_version)
SELECT user_id, repository_id, agent_type, status, 1 FROM agent_executions LIMIT 1;
