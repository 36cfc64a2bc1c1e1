import { type CatalogQuery, HISTORY_TABLE, inOurSchema, isMonth, notOfExtension, role } from './sql.js'

/** Everything that can be granted: its name, its owner, its privileges, and its default privileges. */
const GRANTABLE = `
  SELECT CASE c.relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END || c.oid::regclass AS thing, c.oid::regclass::text AS "on", c.relowner AS owner, c.relacl AS acl,
    acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner) AS usual
    FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${inOurSchema('c.relnamespace')} AND NOT ${isMonth('c')} AND ${notOfExtension('pg_class', 'c.oid')}
  UNION ALL
  SELECT format('column %s.%I', c.oid::regclass, a.attname), c.oid::regclass::text, c.relowner, a.attacl, NULL
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped WHERE ${inOurSchema('c.relnamespace')} AND NOT ${isMonth('c')}
  UNION ALL
  SELECT 'function ' || p.oid::regprocedure, p.oid::regprocedure::text, p.proowner, p.proacl, acldefault('f', p.proowner)
    FROM pg_proc p WHERE ${inOurSchema('p.pronamespace')} AND ${notOfExtension('pg_proc', 'p.oid')}
  UNION ALL
  SELECT 'type ' || t.oid::regtype, t.oid::regtype::text, t.typowner, t.typacl, acldefault('T', t.typowner)
    FROM pg_type t WHERE t.typtype IN ('e', 'd', 'r') AND ${inOurSchema('t.typnamespace')} AND ${notOfExtension('pg_type', 't.oid')}
  UNION ALL
  SELECT format('schema %I', n.nspname), quote_ident(n.nspname), n.nspowner, n.nspacl, acldefault('n', n.nspowner)
    FROM pg_namespace n WHERE ${inOurSchema('n.oid')}`

/** Who may do what, and the comments on objects. */
export const rightsQueries: readonly CatalogQuery[] = [
  {
    kind: 'schema',
    sql: `SELECT quote_ident(n.nspname) AS name, NULL AS "on", 'owned by ' || ${role('n.nspowner')} AS definition
      FROM pg_namespace n WHERE ${inOurSchema('n.oid')} AND ${notOfExtension('pg_namespace', 'n.oid')}`,
  },
  {
    // Not its version: that is the server's.
    kind: 'extension',
    sql: `SELECT quote_ident(x.extname) AS name, NULL AS "on", format('in %I', n.nspname) AS definition
      FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace`,
  },
  {
    // An owner has every right: only revoked ones are listed.
    kind: 'grant',
    sql: `WITH grantable AS (${GRANTABLE})
      SELECT format('%s on %s to %s', g.privilege_type, o.thing, ${role('g.grantee')}) AS name, o."on",
        CASE WHEN bool_or(g.is_grantable) THEN 'with grant option' ELSE '' END AS definition
      FROM grantable o, aclexplode(coalesce(o.acl, o.usual)) g WHERE g.grantee <> o.owner GROUP BY 1, 2
      UNION ALL
      SELECT format('%s on %s taken from its owner', u.privilege_type, o.thing), o."on", ''
      FROM grantable o, aclexplode(o.usual) u WHERE o.acl IS NOT NULL AND u.grantee = o.owner
        AND NOT EXISTS (SELECT FROM aclexplode(o.acl) g WHERE g.grantee = o.owner AND g.privilege_type = u.privilege_type)`,
  },
  {
    kind: 'default privilege',
    sql: `SELECT format('%s on new %s%s of %s to %s', g.privilege_type,
        CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' ELSE 'schemas' END,
        CASE WHEN d.defaclnamespace <> 0 THEN ' in ' || d.defaclnamespace::regnamespace END, ${role('d.defaclrole')}, ${role('g.grantee')}) AS name,
        NULL AS "on", CASE WHEN bool_or(g.is_grantable) THEN 'with grant option' ELSE '' END AS definition
      FROM pg_default_acl d, aclexplode(d.defaclacl) g GROUP BY 1`,
  },
  {
    // 16384 is the first id that is not the server's own; the schema public comes with a comment, and so does an
    // extension.
    kind: 'comment',
    sql: `SELECT format('on %s %s', i.type, i.identity) AS name, CASE d.classoid
          WHEN 'pg_class'::regclass THEN d.objoid::regclass::text
          WHEN 'pg_proc'::regclass THEN d.objoid::regprocedure::text
          WHEN 'pg_type'::regclass THEN d.objoid::regtype::text END AS "on",
        d.description AS definition
      FROM pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) i
      WHERE d.classoid <> 'pg_extension'::regclass AND (d.objoid >= 16384 OR d.objoid = 'public'::regnamespace)
        AND d.description <> 'standard public schema' AND i.identity !~ '${HISTORY_TABLE}'
        AND NOT EXISTS (SELECT FROM pg_class c WHERE d.classoid = 'pg_class'::regclass AND c.oid = d.objoid AND ${isMonth('c')})
        AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')`,
  },
]
