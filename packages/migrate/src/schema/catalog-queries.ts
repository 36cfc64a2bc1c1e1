import { isMonth, isOurSchema } from '../catalog/sql.js'
import { EVERYBODY } from './facts.js'

/** Whether a namespace holds our objects. */
const ours = (namespace: string): string => isOurSchema(`${namespace}.nspname`)

/** Whether an object belongs to no extension. */
const own = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = '${catalog}'::regclass AND d.objid = ${oid} AND d.deptype = 'e')`

/** A partial or an invalid index is of no use outside its condition; no policy applies to a superuser. */
export const TABLES = `
  SELECT n.nspname || '.' || c.relname AS name, c.relrowsecurity AS "rowSecurity", c.relforcerowsecurity AS "isForced",
         (SELECT rolname FROM pg_roles WHERE oid = c.relowner AND NOT rolsuper AND NOT rolbypassrls) AS owner,
         (SELECT i.inhparent::regclass::text FROM pg_inherits AS i WHERE i.inhrelid = c.oid AND c.relispartition) AS "partitionOf",
         (SELECT coalesce(jsonb_object_agg(held.role, held.privileges), '{}')
            FROM (SELECT pg_get_userbyid(held.grantee) AS role, array_agg(DISTINCT held.privilege_type) AS privileges
                    FROM (SELECT c.relacl AS acl UNION ALL SELECT a.attacl FROM pg_attribute AS a WHERE a.attrelid = c.oid) AS rights,
                         aclexplode(rights.acl) AS held
                   WHERE held.grantee <> c.relowner AND held.grantee <> 0 GROUP BY 1) AS held) AS grantees,
         ARRAY(SELECT a.attname::text FROM pg_attribute AS a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
         (SELECT coalesce(jsonb_object_agg(i.relname, a.attname), '{}')
            FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid
            LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
           WHERE x.indrelid = c.oid AND x.indpred IS NULL AND x.indisvalid) AS indexes
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND NOT ${isMonth('c')} AND ${ours('n')} AND ${own('pg_class', 'c.oid')}
   ORDER BY 1`

/** The roles include the owner of the table, if it inherits the rights of one of them. 0 is PUBLIC. */
export const POLICIES = `
  SELECT p.polname AS name, n.nspname || '.' || c.relname AS table,
         CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete' ELSE 'all' END AS command,
         pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS check,
         p.polpermissive AS "isPermissive",
         ARRAY(SELECT CASE role WHEN 0 THEN '${EVERYBODY}' ELSE pg_get_userbyid(role) END::text FROM unnest(p.polroles) AS role
               UNION
               SELECT pg_get_userbyid(c.relowner)::text FROM unnest(p.polroles) AS role
                WHERE role <> 0 AND pg_has_role(c.relowner, role, 'USAGE')) AS roles
    FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
   ORDER BY 2, 1`

export const VIEWS = `
  SELECT n.nspname || '.' || c.relname AS name, pg_get_viewdef(c.oid) AS query,
         coalesce((SELECT option_value::boolean FROM pg_options_to_table(c.reloptions)
                    WHERE option_name = 'security_invoker'), false) AS "isInvoker"
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('v', 'm') AND ${ours('n')} AND ${own('pg_class', 'c.oid')}
   ORDER BY 1`

export const FUNCTIONS = `
  SELECT format('%s.%s(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS signature,
         n.nspname || '.' || p.proname AS name, l.lanname AS language, p.prosecdef AS "isDefiner",
         (SELECT substring(setting FROM '=(.*)') FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search_path=%') AS "searchPath",
         pg_get_function_sqlbody(p.oid) AS "sqlBody", p.prosrc AS source,
         p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) AS "isTrigger",
         EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS held WHERE held.grantee = 0)
           AS "publicMayExecute"
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_language AS l ON l.oid = p.prolang
   WHERE p.prokind IN ('f', 'p') AND ${ours('n')} AND ${own('pg_proc', 'p.oid')}
   ORDER BY 1`

/** 0 is PUBLIC. */
export const GRANTS = `
  SELECT * FROM (
    SELECT n.nspname || '.' || c.relname AS name, 'table' AS kind,
           ARRAY(SELECT held.privilege_type FROM aclexplode(c.relacl) AS held WHERE held.grantee = 0
                 UNION
                 SELECT held.privilege_type FROM pg_attribute AS a, aclexplode(a.attacl) AS held
                  WHERE a.attrelid = c.oid AND held.grantee = 0
                 ORDER BY 1) AS privileges
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND ${ours('n')} AND ${own('pg_class', 'c.oid')}
    UNION ALL
    SELECT n.nspname, 'schema', ARRAY(SELECT held.privilege_type FROM aclexplode(n.nspacl) AS held WHERE held.grantee = 0 ORDER BY 1)
      FROM pg_namespace AS n
     WHERE ${ours('n')} AND ${own('pg_namespace', 'n.oid')}
    UNION ALL
    SELECT 'default privileges', 'default privileges',
           ARRAY(SELECT held.privilege_type FROM aclexplode(d.defaclacl) AS held WHERE held.grantee = 0 ORDER BY 1)
      FROM pg_default_acl AS d
     WHERE d.defaclobjtype IN ('r', 'S')
  ) AS granted
  WHERE privileges <> '{}'
  ORDER BY kind, name`
