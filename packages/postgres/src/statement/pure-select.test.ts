import { describe, expect, it } from 'vitest'
import { isPureSelect } from './pure-select.js'

describe('isPureSelect', () => {
  it.each([
    'SELECT "public"."users"."id" FROM "public"."users" WHERE ("public"."users"."email" = $1 AND 1=1) LIMIT $2 OFFSET $3',
    `SELECT "t"."id" FROM "public"."users" AS "t" WHERE ("t"."email" ILIKE ('%' || $1 || '%') AND "t"."name" IN ($2,$3))`,
    'SELECT COUNT(*) AS "_count$_all" FROM (SELECT "public"."users"."id" FROM "public"."users" OFFSET $1) AS "sub"',
    'SELECT COALESCE("a"."n", 0) AS "n", AVG("b") FROM "public"."t" LEFT JOIN (SELECT 1) AS "a" ON ("a"."x" = "t"."y")',
    `SELECT 1 FROM "t" WHERE ("t"."f"#>ARRAY[$1]::text[])::jsonb = $2 AND JSONB_TYPEOF(("t"."f")) = $3 AND "c" = '{}'`,
    'SELECT "insert", "into (x)", "for update" FROM "with"',
    'SELECT tier, count(*) FROM plugins GROUP BY tier',
  ])('accepts %s', (sql) => {
    expect(isPureSelect(sql)).toBe(true)
  })

  it.each([
    'INSERT INTO "public"."users" ("email") VALUES ($1) RETURNING "id"',
    'UPDATE "users" SET "name" = $1',
    `SELECT nextval('s')`,
    `SELECT pg_catalog.nextval ('s')`,
    'SELECT "take_next"($1)',
    'SELECT "public"."take_next" ($1)',
    'SELECT * INTO copy FROM users',
    'SELECT * FROM users FOR UPDATE',
    'SELECT * FROM (SELECT 1 FROM users FOR NO KEY UPDATE) AS t',
    'WITH gone AS (DELETE FROM users RETURNING id) SELECT * FROM gone',
    'SELECT 1; DELETE FROM users',
    `SELECT E'\\'; DELETE FROM users; --'`,
    'SELECT $$text$$',
    'SELECT 1 -- DELETE',
    'SELECT/* */write_all()',
    'SELECT pg_sleep($1)',
    'BEGIN',
    '',
  ])('rejects %s', (sql) => {
    expect(isPureSelect(sql)).toBe(false)
  })
})
