import type { SecuredDatabase } from './secured-database.js'

/** What each table, view and function must have, whatever it is for: one line for each that lacks it. */
const checks: Readonly<Record<string, string>> = {
  'has no row-level security': 'SELECT relname AS name FROM ours WHERE NOT relrowsecurity',
  'does not force it on its owner': 'SELECT relname AS name FROM ours WHERE NOT relforcerowsecurity',
  'is not owned by miyabi_owner': `SELECT relname AS name FROM ours WHERE relowner <> 'miyabi_owner'::regrole`,
  'has no policy for its owner, so that a migration would silently change no row': `
    SELECT relname AS name FROM ours WHERE NOT EXISTS (
      SELECT FROM pg_policy WHERE polrelid = ours.oid AND polcmd = '*' AND polpermissive
        AND polroles = ARRAY['miyabi_owner'::regrole::oid] AND pg_get_expr(polqual, polrelid) = 'true')`,
  'has a policy that names no role': `SELECT polrelid::regclass::text AS name FROM pg_policy WHERE 0 = ANY (polroles)`,
  'has a policy that calls a function for each row': `
    SELECT DISTINCT p.polrelid::regclass::text AS name FROM pg_policy p,
      LATERAL concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) AS said,
      (SELECT string_agg(proname, '|') AS names FROM functions) AS known
     WHERE said ~ ('(?<!SELECT )\\m(' || known.names || ')\\(')`,
  'has a policy on columns with which no index begins': `
    SELECT DISTINCT p.polrelid::regclass::text AS name FROM pg_policy p
     WHERE p.polcmd = 'r'
       AND EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.refobjid = p.polrelid AND d.refobjsubid > 0)
       AND NOT EXISTS (
         SELECT FROM pg_depend d JOIN pg_index i ON i.indrelid = d.refobjid
          WHERE d.objid = p.oid AND d.refobjid = p.polrelid AND d.refobjsubid > 0
            -- or that decides which rows an index holds
            AND (i.indkey[0] = d.refobjsubid OR pg_get_expr(i.indpred, i.indrelid) =
              (SELECT attname FROM pg_attribute WHERE attrelid = d.refobjid AND attnum = d.refobjsubid)))`,
  'grants something to somebody who is none of the roles': `
    SELECT DISTINCT ours.relname AS name
      FROM ours JOIN pg_attribute a ON a.attrelid = ours.oid,
      LATERAL (SELECT * FROM aclexplode(ours.relacl) UNION ALL SELECT * FROM aclexplode(a.attacl)) AS held
     WHERE held.grantee = 0 OR held.grantee::regrole::text NOT IN
       ('miyabi_definer', 'miyabi_owner', 'miyabi_service', 'miyabi_user', 'miyabi_web_user')`,
  'is a view that sees with the eyes of its owner': `
    SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')
       AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)`,
  'may be called by everybody': `SELECT oid::regprocedure::text AS name FROM functions
     WHERE proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) AS held WHERE held.grantee = 0)`,
  // Unsaid, pg_temp is first: types and tables in it would be anybody's. What was parsed when it was made means what it
  // meant then.
  'looks for names elsewhere than in pg_catalog and then pg_temp': `SELECT oid::regprocedure::text AS name FROM functions
     WHERE (prosecdef OR prosqlbody IS NULL) AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)`,
  'has the rights of an owner other than miyabi_definer': `SELECT oid::regprocedure::text AS name FROM functions
     WHERE prosecdef AND proowner <> 'miyabi_definer'::regrole`,
}

/** All that is not as it must be, as sentences. */
export async function structureFaults(db: Pick<SecuredDatabase, 'query'>): Promise<string[]> {
  const faults: string[] = []
  for (const [fault, sql] of Object.entries(checks)) {
    const rows = await db.query<{ name: string }>(
      `WITH ours AS (
         SELECT * FROM pg_class
          WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> '_prisma_migrations'
       ), functions AS (
         SELECT * FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
       ) ${sql}`,
    )
    faults.push(...rows.map(({ name }) => `${name} ${fault}`))
  }
  return faults.sort()
}
