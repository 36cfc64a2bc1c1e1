-- Rows for `pnpm db:migrate verify`, which puts them in after migration.sql, never into a database that is used.
INSERT INTO erasures (mark) VALUES (repeat('0a', 32));
