import fc from 'fast-check'

/** The table that the statements are about. */
export const TABLE = 'CREATE TABLE "t 1" (a int, "b""c" text, j jsonb)'

const quoted = (text: string): string => text.replaceAll("'", "''")
const inner = fc.oneof(
  fc.string({ maxLength: 6 }).map((text) => text.replaceAll('\0', '')),
  fc.constantFrom('--', '/*', '*/', '"', '$$', '$1', ';', '\n', '\\', '日本', ' IN (1, 2) '),
)
/** Not N'...', whose letter the server leaves. */
const text = fc.oneof(
  inner.map((value) => `'${quoted(value)}'`),
  inner.map((value) => `E'${quoted(value.replaceAll('\\', '\\\\'))}\\''`),
  inner.map((value) => `U&'${quoted(value.replaceAll('\\', ''))}'`),
  inner.map((value) => `$$${value.replaceAll('$', '')}$$`),
  inner.map((value) => `$x$${value.replaceAll('$', '')}$$ $x$`),
  inner.map((value) => `'a'\n'${quoted(value)}'`),
)
const int = fc.integer({ min: 0, max: 1_000_000 }).map(String)
const number = fc.oneof(
  int,
  int.map((value) => `-${value}`),
  int.map((value) => `- ${value}`),
  int.map((value) => `.${value}`),
  int.map((value) => `${value}.`),
  int.map((value) => `${value}.5e-3`),
)
const some = (element: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(element, { minLength: 1, maxLength: 4 }).map((elements) => elements.join(',§'))

/** Conditions that the server reads, `§` where white space or nothing may stand. */
const condition = fc.oneof(
  number.map((value) => `a§=§${value}`),
  number.map((value) => `a§-§1 <§${value}`),
  text.map((value) => `"b""c"§=§${value}`),
  text.map((value) => `"b""c" LIKE ${value}§||§'%'`),
  some(number).map((list) => `a IN§(${list})`),
  some(text).map((list) => `"b""c" NOT IN§(${list})`),
  some(int).map((list) => `a = ANY§(ARRAY[${list}])`),
  fc.tuple(int, int).map(([from, to]) => `a BETWEEN ${from} AND ${to}`),
  some(fc.tuple(int, text).map(([a, b]) => `(${a},§${b})`)).map((rows) => `(a,§"b""c") IN§(${rows})`),
  text.map((value) => `lower(${value})§<>§substring("b""c" from 1 for 2)`),
  int.map((value) => `j§->>§${value} IS NOT NULL`),
  text.map((value) => `${value}::varchar(10)§=§"b""c"`),
  fc.constant(`cast(1.5 as numeric(10,§2)) > a`),
  fc.constant(`B'101' <> b'11'`),
  fc.constant(`now() - interval '1 day' < timestamptz '2020-01-01'`),
  some(fc.tuple(int, text).map(([a, b]) => `(${a},§${b})`)).map(
    (rows) => `EXISTS§(SELECT FROM§(VALUES ${rows})§AS v(x,§y) WHERE x = 2)`,
  ),
)

const where = fc.array(condition, { minLength: 1, maxLength: 4 }).map((all) => all.join(' AND '))
const template = fc.oneof(
  fc.tuple(text, where, int).map(([a, b, c]) => `SELECT ${a} AS "$1",§count(*) FROM "t 1" WHERE ${b} LIMIT ${c}`),
  fc.tuple(number, where).map(([a, b]) => `WITH x AS (SELECT ${a} AS k) SELECT k FROM x,§"t 1" WHERE ${b} ORDER BY 1`),
  fc.tuple(text, where).map(([a, b]) => `UPDATE "t 1" SET "b""c"§=§${a} WHERE ${b}`),
  where.map((a) => `DELETE FROM "t 1" WHERE ${a}`),
  some(fc.tuple(int, text).map(([a, b]) => `(${a},§${b},§DEFAULT)`)).map((a) => `INSERT INTO "t 1" VALUES ${a}`),
)
const gap = fc.constantFrom('', '', '', ' ', '\n', " -- 1 'x'\n", '/* 1 /* "a */ */')

/** Statements of many forms that PostgreSQL 15 and later run, with values, comments and white space of many forms. */
export const statement: fc.Arbitrary<string> = fc
  .tuple(template, fc.infiniteStream(gap))
  .map(([sql, gaps]) => sql.replace(/§/g, () => gaps.next().value))
