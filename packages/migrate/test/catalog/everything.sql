-- One of each kind of thing that the dump tells apart.
CREATE EXTENSION citext;
CREATE SCHEMA audit;
CREATE TYPE mood AS ENUM ('fine', 'bad');
CREATE DOMAIN slug AS text CONSTRAINT slug_form CHECK (VALUE ~ '^[a-z]+$');
CREATE SEQUENCE numbers;
CREATE TABLE people (
  id    int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email citext NOT NULL DEFAULT 'a@b',
  mood  mood,
  age   int CONSTRAINT people_age_positive CHECK (age > 0),
  name  text,
  upper text GENERATED ALWAYS AS (upper(name)) STORED
);
CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES people, title text);
CREATE TABLE audit.entries (id int);
CREATE TABLE events (day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX people_age ON people (age) WHERE age > 17;
CREATE STATISTICS people_stats ON age, name FROM people;
CREATE VIEW adults WITH (security_invoker = true) AS SELECT id FROM people WHERE age > 17;
CREATE MATERIALIZED VIEW ages AS SELECT age FROM people;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);
CREATE TRIGGER people_touch BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION touch();
CREATE RULE posts_keep AS ON DELETE TO posts DO INSTEAD NOTHING;
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
ALTER TABLE people FORCE ROW LEVEL SECURITY;
CREATE POLICY people_read ON people FOR SELECT TO PUBLIC USING (age > 0);
GRANT SELECT ON posts TO PUBLIC;
GRANT UPDATE (title) ON posts TO PUBLIC;
GRANT USAGE ON SCHEMA audit TO PUBLIC;
REVOKE EXECUTE ON FUNCTION twice FROM PUBLIC;
REVOKE DELETE ON posts FROM CURRENT_USER;
ALTER DEFAULT PRIVILEGES IN SCHEMA audit GRANT SELECT ON TABLES TO PUBLIC;
COMMENT ON TABLE people IS 'Everybody.';
COMMENT ON COLUMN people.age IS 'In years.';
COMMENT ON POLICY people_read ON people IS 'Adults only.';
