-- Undoes migration.sql: nobody but the owner reads the history for being anybody, and default privileges are given back to those whom
-- they are for.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

DO $$
DECLARE
  history CONSTANT regclass := to_regclass('_prisma_migrations');
  usual record;
BEGIN
  IF history IS NULL THEN
    RETURN;
  END IF;
  EXECUTE format(
    'REVOKE SELECT (id, checksum, finished_at, migration_name, rolled_back_at, started_at, applied_steps_count) ON %s FROM PUBLIC',
    history
  );
  FOR usual IN
    SELECT given.privilege_type AS privilege, given.grantee::regrole AS grantee
      FROM pg_catalog.pg_class AS class
      JOIN pg_catalog.pg_default_acl AS defaults
        ON defaults.defaclrole = class.relowner AND defaults.defaclobjtype = 'r'
       AND defaults.defaclnamespace IN (0, class.relnamespace),
           pg_catalog.aclexplode(defaults.defaclacl) AS given
     WHERE class.oid = history AND given.grantee NOT IN (0, class.relowner) -- 0 is PUBLIC
  LOOP
    EXECUTE format('GRANT %s ON %s TO %s', usual.privilege, history, usual.grantee);
  END LOOP;
END
$$;
