-- Everybody who may log in reads which migrations were applied; nobody but the owner of the history changes it. An application
-- tells by that whether the database is the one it was built for (docs/decisions/0040-who-reads-the-history.md).
--
-- Prisma makes the table of the history before it runs the first migration, and default privileges have given the application
-- what it has in every other table. In a shadow database, and where scripts are run by hand, there is no such table.
DO $$
DECLARE
  history CONSTANT regclass := to_regclass('_prisma_migrations');
  grantee regrole;
BEGIN
  IF history IS NULL THEN
    RETURN;
  END IF;
  FOR grantee IN
    SELECT DISTINCT held.grantee
      FROM pg_catalog.pg_class AS class, pg_catalog.aclexplode(class.relacl) AS held
     WHERE class.oid = history AND held.grantee NOT IN (0, class.relowner) -- 0 is PUBLIC
  LOOP
    EXECUTE format('REVOKE ALL ON %s FROM %s', history, grantee);
  END LOOP;
  EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', history);
  -- Not "logs": they hold what the server said about a migration that failed, and with that possibly values of rows.
  EXECUTE format(
    'GRANT SELECT (id, checksum, finished_at, migration_name, rolled_back_at, started_at, applied_steps_count) ON %s TO PUBLIC',
    history
  );
END
$$;
