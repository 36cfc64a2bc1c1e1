-- Rows for `pnpm db:migrate verify`, which puts them in after migration.sql, never into a database that is used.
INSERT INTO "restores" ("backup_id", "cut", "resumed_at", "row_count", "item_count", "outbox_until", "erasures")
VALUES ('a', '2026-01-01 12:00Z', '2026-01-01 12:00Z', 1, 1, 1, 'applied');
INSERT INTO "backup_drills" ("backup_id", "cut", "equal", "differences", "loss_ms", "duration_ms")
VALUES ('a', '2026-01-01 12:00Z', true, '{}', 1, 1);
