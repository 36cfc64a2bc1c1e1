import { type CatalogQuery, inOurSchema, isOurs, notOfExtension, role } from './sql.js'

/** What is executed, and what decides who sees what. */
export const codeQueries: readonly CatalogQuery[] = [
  {
    kind: 'view',
    sql: `SELECT c.oid::regclass::text AS name, NULL AS "on", concat_ws(' ',
        CASE c.relkind WHEN 'm' THEN 'materialized' END, 'with ' || array_to_string(c.reloptions, ' '),
        'owned by ' || ${role('c.relowner')}, 'as', pg_get_viewdef(c.oid)) AS definition
      FROM pg_class c WHERE ${isOurs('c')} AND c.relkind IN ('v', 'm')`,
  },
  {
    kind: 'policy',
    sql: `SELECT format('%I on %s', p.polname, c.oid::regclass) AS name, c.oid::regclass::text AS "on", concat_ws(' ',
        CASE WHEN NOT p.polpermissive THEN 'restrictive' END,
        'for ' || CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete' ELSE 'all' END,
        'to ' || (SELECT string_agg(${role('r.oid')}, ', ' ORDER BY ${role('r.oid')}) FROM unnest(p.polroles) AS r(oid)),
        'using (' || pg_get_expr(p.polqual, p.polrelid) || ')',
        'with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')') AS definition
      FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE ${isOurs('c')}`,
  },
  {
    kind: 'trigger',
    sql: `SELECT format('%I on %s', t.tgname, c.oid::regclass) AS name, c.oid::regclass::text AS "on", pg_get_triggerdef(t.oid)
        || CASE t.tgenabled WHEN 'D' THEN ' (disabled)' WHEN 'A' THEN ' (always)' WHEN 'R' THEN ' (replica)' ELSE '' END AS definition
      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE ${isOurs('c')} AND NOT t.tgisinternal`,
  },
  {
    kind: 'rule',
    sql: `SELECT format('%I on %s', r.rulename, c.oid::regclass) AS name, c.oid::regclass::text AS "on",
        pg_get_ruledef(r.oid) || CASE r.ev_enabled WHEN 'D' THEN ' (disabled)' WHEN 'R' THEN ' (on replicas)' WHEN 'A' THEN ' (always)' ELSE '' END AS definition
      FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE ${isOurs('c')} AND r.rulename <> '_RETURN'`,
  },
  {
    kind: 'event trigger',
    sql: `SELECT quote_ident(t.evtname) AS name, NULL AS "on", format('on %s %s execute %s%s', t.evtevent, t.evttags, t.evtfoid::regprocedure,
        CASE t.evtenabled WHEN 'D' THEN ' (disabled)' END) AS definition
      FROM pg_event_trigger t WHERE ${notOfExtension('pg_event_trigger', 't.oid')}`,
  },
  {
    kind: 'function',
    sql: `SELECT p.oid::regprocedure::text AS name, NULL AS "on", 'owned by ' || ${role('p.proowner')} || E'\\n' || CASE p.prokind
        WHEN 'a' THEN (SELECT format('aggregate of %s, state %s, final %s, initially %s', g.aggtransfn, g.aggtranstype::regtype, g.aggfinalfn, g.agginitval)
                         FROM pg_aggregate g WHERE g.aggfnoid = p.oid)
        ELSE pg_get_functiondef(p.oid) END AS definition
      FROM pg_proc p WHERE ${inOurSchema('p.pronamespace')} AND ${notOfExtension('pg_proc', 'p.oid')}`,
  },
  {
    kind: 'type',
    sql: `SELECT t.oid::regtype::text AS name, NULL AS "on", concat_ws(' ', CASE t.typtype
        WHEN 'e' THEN 'enum ' || (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
        WHEN 'd' THEN concat_ws(' ', 'domain of', format_type(t.typbasetype, t.typtypmod), CASE WHEN t.typnotnull THEN 'not null' END, 'default ' || t.typdefault)
        WHEN 'c' THEN 'of ' || (SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
                                  FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
        WHEN 'r' THEN 'range of ' || (SELECT r.rngsubtype::regtype FROM pg_range r WHERE r.rngtypid = t.oid) END,
        'owned by ' || ${role('t.typowner')}) AS definition
      FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
      WHERE ${inOurSchema('t.typnamespace')} AND ${notOfExtension('pg_type', 't.oid')}
        AND (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c'))`,
  },
]
