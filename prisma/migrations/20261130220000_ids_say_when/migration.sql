-- What goes between an id and its time, and a place for the months of partitioned tables. The same on PostgreSQL 15 to 18.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- Nothing in it is for anybody but the tables' owner: months are reached through their tables, whose policies and grants hold.
-- A reset of Prisma's drops the schema `public` alone, so what is here may be there already.
CREATE SCHEMA IF NOT EXISTS parts AUTHORIZATION miyabi_owner;
REVOKE ALL ON SCHEMA parts FROM PUBLIC;
COMMENT ON SCHEMA parts IS 'The months of the tables that are partitioned. Read and written through their tables only.';

-- Every operator here is immutable, which those of timestamptz and interval are not: else the planner could not tell which months a query
-- needs. A body without a search path is put in place of the call.
CREATE OR REPLACE FUNCTION public.id_floor(p_time timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  lpad(to_hex(least(greatest(floor(extract(epoch FROM p_time - '1970-01-01 00:00:00+00'::timestamptz) * 1000), 0), 281474976710655)::bigint), 12, '0')
  || '00000000000000000000'
)::uuid;
COMMENT ON FUNCTION public.id_floor(timestamptz) IS
  'The least id of this time: ids made before are less, ids made from then on are not. For bounds of months and queries; not an id itself.';

CREATE OR REPLACE FUNCTION public.time_of_id(p_id uuid) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_timestamp(('x' || replace(left(p_id::text, 13), '-', ''))::bit(48)::bigint / 1000.0::float8)::timestamptz(3);
COMMENT ON FUNCTION public.time_of_id(uuid) IS 'When a time-ordered id was made, to the millisecond.';

CREATE OR REPLACE FUNCTION public.id_fits(p_id uuid, p_created_at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(p_id::text, 15, 1) = '7'
  AND time_of_id(p_id) - p_created_at BETWEEN interval '-24 hours' AND interval '24 hours';
COMMENT ON FUNCTION public.id_fits(uuid, timestamptz) IS
  'Whether an id is a UUID version 7 within a day of a time: rows whose ids are so lie in the month of their time, or next to it.';

CREATE OR REPLACE FUNCTION public.id_at(p_time timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN encode(
  overlay(
    uuid_send(gen_random_uuid())
    PLACING int8send(
      (floor(extract(epoch FROM p_time - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint << 16)
      | (7::bigint << 12) | floor(random() * 4096)::bigint
    ) FROM 1 FOR 8
  ),
  'hex'
)::uuid;
COMMENT ON FUNCTION public.id_at(timestamptz) IS 'A new id of a given time from 1970 on, for rows that are imported with a time of their own.';

-- A check asks as whoever writes the row.
REVOKE EXECUTE ON FUNCTION public.id_floor(timestamptz), public.time_of_id(uuid), public.id_fits(uuid, timestamptz), public.id_at(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.id_floor(timestamptz), public.time_of_id(uuid), public.id_fits(uuid, timestamptz)
  TO miyabi_user, miyabi_web_user, miyabi_service, miyabi_owner, miyabi_definer;
GRANT EXECUTE ON FUNCTION public.id_at(timestamptz) TO miyabi_service, miyabi_owner;

-- One rule for the months of every table, which migrations and `miyabi maintain` share.
CREATE OR REPLACE FUNCTION parts.add_month(p_table regclass, p_month date) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- A day early, as an id may be a day older than its row: all rows of a calendar month then lie in two partitions, and not in three.
  from_id CONSTANT uuid := public.id_floor(date_trunc('month', p_month::timestamp) AT TIME ZONE 'UTC' - interval '24 hours');
  to_id   CONSTANT uuid := public.id_floor((date_trunc('month', p_month::timestamp) + interval '1 month') AT TIME ZONE 'UTC' - interval '24 hours');
  parent  CONSTANT text := (SELECT relname FROM pg_class WHERE oid = p_table);
  owner   CONSTANT text := (SELECT relowner::regrole FROM pg_class WHERE oid = p_table);
  child   CONSTANT text := format('parts.%I', parent || to_char(p_month, '_YYYY_MM'));
  grantee text;
BEGIN
  -- A month that another partition holds, whole, such as the one with all that is older than the table's partitions.
  IF EXISTS (
    SELECT FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid,
           regexp_match(pg_get_expr(c.relpartbound, c.oid), $bound$FROM \((?:MINVALUE|'([^']+)')\) TO \('([^']+)'\)$bound$) AS bound
     WHERE i.inhparent = p_table AND coalesce(bound[1], '00000000-0000-0000-0000-000000000000')::uuid < to_id AND bound[2]::uuid > from_id
  ) THEN
    RETURN false;
  END IF;

  -- Made beside the table and then attached, which keeps nobody from reading and writing it. Indexes and keys come with that.
  EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE)', child, p_table);
  EXECUTE format('ALTER TABLE %s OWNER TO %s, ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', child, owner);
  -- pg_dump reads each partition by itself, as its owner.
  EXECUTE format('CREATE POLICY owner_all ON %s FOR ALL TO %s USING (true)', child, owner);
  -- What default privileges gave, to whomever.
  FOR grantee IN
    SELECT DISTINCT CASE held.grantee WHEN 0 THEN 'PUBLIC' ELSE held.grantee::regrole::text END
      FROM pg_class AS c, aclexplode(c.relacl) AS held WHERE c.oid = child::regclass AND held.grantee <> c.relowner
  LOOP
    EXECUTE format('REVOKE ALL ON %s FROM %s', child, grantee);
  END LOOP;
  EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', p_table, child, from_id, to_id);
  RETURN true;
END
$$;
ALTER FUNCTION parts.add_month(regclass, date) OWNER TO miyabi_owner;
REVOKE ALL ON FUNCTION parts.add_month(regclass, date) FROM PUBLIC;
COMMENT ON FUNCTION parts.add_month(regclass, date) IS
  'Makes the month of a table that this day lies in, with its rights taken away, unless a partition holds it. Tells whether it did.';

-- For migrations that change several tables in use, in one transaction.
CREATE OR REPLACE FUNCTION parts.take_locks(VARIADIC p_locks text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wanted   text;
  attempts integer := 0;
BEGIN
  LOOP
    BEGIN
      -- Below the second after which a server looks for a deadlock: so it is the migration that gives way, never a writer.
      PERFORM set_config('lock_timeout', '500ms', true);
      FOREACH wanted IN ARRAY p_locks LOOP
        EXECUTE format('LOCK TABLE %s MODE', wanted);
      END LOOP;
      RETURN;
    EXCEPTION WHEN lock_not_available THEN
      attempts := attempts + 1;
      IF attempts = 120 THEN RAISE; END IF;
      PERFORM pg_sleep(0.25 + random() / 4); -- what was locked is let go meanwhile
    END;
  END LOOP;
END
$$;
ALTER FUNCTION parts.take_locks(text[]) OWNER TO miyabi_owner;
REVOKE ALL ON FUNCTION parts.take_locks(text[]) FROM PUBLIC;
COMMENT ON FUNCTION parts.take_locks(text[]) IS
  'Takes all of these locks (tables IN mode) or none, waits half a second at most for each, and tries again for a minute or two.';

-- Ids of these say when, so that nobody but the service chooses them: the server makes those of people.
REVOKE INSERT (id) ON line_messages FROM miyabi_web_user;
REVOKE INSERT (id) ON execution_logs FROM miyabi_web_user;
