INSERT INTO outbox (id, key, topic, payload, actor_kind, actor, last_error)
VALUES ('00000000-0000-7000-8000-000000000101', 'a', 'webhook.deliver', '{"a": 1}', 'user', '00000000-0000-7000-8000-000000000001', 'http.500');
UPDATE outbox SET last_error = 'http.500', transaction_id = 1;
INSERT INTO outbox_dead (partition, position, id, key, topic, payload, actor_kind, actor, last_error)
VALUES (0, 1, '00000000-0000-7000-8000-000000000102', 'a', 'webhook.deliver', '{"a": 1}', 'user', '00000000-0000-7000-8000-000000000001', 'http.500');
INSERT INTO outbox_partitions (partition, holder) VALUES (16, '00000000-0000-7000-8000-000000000103');
INSERT INTO outbox_topics (topic, opened_to) VALUES ('webhook.deliver', '{user}');
INSERT INTO commit_marks (id, given_up, actor_kind, actor, transaction_id, purge_after)
VALUES ('00000000-0000-7000-8000-000000000104', false, 'user', '00000000-0000-7000-8000-000000000001', 1, 2);
