INSERT INTO stream_dead (consumer, stream, shard, sequence, record, code, message, retry_at)
VALUES ('retried', 'arn', 'shard', '1', '{"a": 1}', 'postgres.check_violation', 'refused', '2026-11-30 21:01:00+00');
