import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { statementShape } from './statement-shape.js'

/** In every literal that is planted; no name has it. */
const SECRET = 'S3cr3t'

/** Text without what would end the literal that it stands in, and with whatever else may look like an end. */
const inner = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom('', '--', '/*', '*/', '"', '$$', '$1', ';', '\n', 'e', ' AND ', '(', ')', ',', '\\', "''", '日本語'),
)
const planted = inner.map((text) => `${text}${SECRET}${text}`)
const quoted = (text: string): string => text.replaceAll("'", "''")
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
const without = (text: string, ...parts: readonly string[]): string =>
  parts.reduce((left, part) => left.replaceAll(part, ''), text)

/** Literals of all forms that PostgreSQL reads, each with the secret in it. */
const literal = fc.oneof(
  planted.map((text) => `'${quoted(text)}'`),
  planted.map((text) => `E'${escaped(text)}'`),
  planted.map((text) => `e'\\'${quoted(text.replaceAll('\\', '\\\\'))}'`),
  planted.map((text) => `U&'${quoted(text)}'`),
  planted.map((text) => `u&'${quoted(without(text, '\\'))}' UESCAPE '!'`),
  planted.map((text) => `N'${quoted(text)}'`),
  planted.map((text) => `'a'\n  '${quoted(text)}'`),
  planted.map((text) => `E'a' -- more\n'${escaped(text)}'`),
  planted.map((text) => `$$${without(text, '$')}$$`),
  planted.map((text) => `$tag$${without(text, '$tag$')} $$ $tag$`),
  planted.map((text) => `$日_1$${without(text, '$')}$日_1$`),
)
/** Each has a digit more than any name or parameter. */
const number = fc.oneof(
  fc.integer({ min: 100_000 }).map(String),
  fc.integer({ max: -100_000 }).map(String),
  fc.double({ min: 1e5, max: 1e9, noNaN: true }).map(String),
  fc.integer({ min: 100_000 }).map((value) => `.${value}`),
  fc.integer({ min: 100_000 }).map((value) => `${value}.`),
  fc.tuple(fc.integer({ min: 100_000 }), fc.integer({ min: 0, max: 9 })).map(([value, power]) => `${value}e-${power}`),
  fc.constantFrom(
    '0xDEADBEEF99',
    '0o7777777',
    '0b1010101010',
    '1_000_000',
    '1_000.000_1E+5',
    "B'1010101'",
    "x'1FF0000'",
  ),
)
const comment = fc.oneof(
  planted.map((text) => `/* ${without(text, '/*', '*/')} */`),
  planted.map((text) => `/*/* ${without(text, '/*', '*/')} */*/`),
  planted.map((text) => `--${without(text, '\n', '\r')}\n`),
)
const space = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(' ', '\n', '\t ') }, { weight: 1, arbitrary: comment })
const value = fc.oneof(literal, number)
const list = fc.array(value, { minLength: 1, maxLength: 5 })

/** A statement as a template, filled with values. */
const statement = (values: fc.Arbitrary<string>, lists: fc.Arbitrary<readonly string[]>): fc.Arbitrary<string> =>
  fc.tuple(values, lists, values, lists, values, fc.infiniteStream(space)).map(([a, some, b, rows, c, spaces]) => {
    const text = `WITH§"r""1"(k)§AS§(VALUES§${rows.map((row) => `(${row},§${a})`).join(',§')})§SELECT§"p d",§t2.y$3,§$1§FROM§"t1"§AS§t2§WHERE§x§IN§(${some.join(',§')})§AND§tag(${b},§$2)§>§${c}::numeric(10,2)§OR§z§=§ANY(ARRAY[${some.join(',')}])`
    return text.replace(/§/g, () => spaces.next().value)
  })

const EXPECTED =
  'WITH "r""1" (k) AS (VALUES ($1, $2) /*, ... */) SELECT "p d", t2.y$3, $3 FROM "t1" AS t2 WHERE x IN ($4 /*, ... */) AND tag($5, $6) > $7::numeric(10, 2) OR z = ANY(ARRAY[$8 /*, ... */])'

describe('statementShape', () => {
  it('leaves no value of any form, and every name: the same whatever the values and the lengths of the lists', () => {
    fc.assert(
      fc.property(statement(value, list), (sql) => {
        // White space may or may not stand in front of a bracket.
        expect(statementShape(sql).replace('"(k)', '" (k)')).toBe(EXPECTED)
      }),
      { numRuns: 5000 },
    )
  })

  it('leaves nothing of a literal in a text that is cut anywhere', () => {
    fc.assert(
      fc.property(statement(value, list), fc.double({ min: 0, max: 1, noNaN: true }), (sql, part) => {
        const shape = statementShape(sql.slice(0, Math.floor(sql.length * part)))
        expect(shape).not.toMatch(/S3cr|\d{4}/)
      }),
      { numRuns: 2000 },
    )
  })

  it('takes any text, ends, and gives of a shape the shape itself', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "'",
        '"',
        '$',
        '$$',
        '$1',
        '/*',
        '*/',
        '--',
        '\n',
        'IN (',
        'VALUES (',
        'ARRAY[',
        '(',
        ')',
        '[',
        ']',
      ),
      fc.constantFrom(
        ',',
        ';',
        '-',
        '+',
        '.',
        ':',
        '::',
        "E'",
        "U&'",
        'SET a = ',
        'uescape',
        '1',
        'x',
        'numeric(',
        ' ',
        '\\',
      ),
    )
    const sql = fc.oneof(
      fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
      fc.string(),
    )
    fc.assert(
      fc.property(sql, (text) => {
        const shape = statementShape(text, Number.POSITIVE_INFINITY)
        expect(statementShape(shape, Number.POSITIVE_INFINITY)).toBe(shape)
      }),
      { numRuns: 5000 },
    )
  })

  it.each([
    ['SELECT -5, a-5, (a)-5, 2 * -5, a[1]-5', 'SELECT $1, a-$2, (a)-$3, $4 * $5, a[$6]-$7'],
    ["select'a'and'b'", 'select $1 and $2'],
    ['SELECT 1 FROM t WHERE a IN (SELECT 1, 2)', 'SELECT $1 FROM t WHERE a IN (SELECT $2, $3)'],
    ['(a, b) IN (($1, $2), ($3, $4))', '(a, b) IN (($1, $2) /*, ... */)'],
    ['ARRAY[[1, 2], [3, 4]], ARRAY["a", b], ARRAY[]', 'ARRAY[[$1 /*, ... */] /*, ... */], ARRAY["a", b], ARRAY[]'],
    ['a IN (1, lower($1), NULL, lower($2))', 'a IN ($1, lower($2) /*, ... */)'],
    [
      'INSERT INTO t VALUES (1, DEFAULT), (NULL, 2) RETURNING 3',
      'INSERT INTO t VALUES ($1, $2) /*, ... */ RETURNING $3',
    ],
    ['x IS NULL AND y IN (true)', 'x IS NULL AND y IN ($1 /*, ... */)'],
    ['a = $2 AND b = $1 AND c = $2', 'a = $1 AND b = $2 AND c = $1'],
    ['SET LOCAL search_path = a, "b"; SET x TO c', 'SET LOCAL search_path = $1, $2; SET x TO $3'],
    ['ALTER ROLE a SET b = c', 'ALTER ROLE a SET b = $1'],
    ["ALTER ROLE x PASSWORD 'y'", 'ALTER ROLE x PASSWORD $1'],
    ['UPDATE t SET a = b', 'UPDATE t SET a = b'],
    ['a<-1 b@>c d->>-1', 'a<$1 b@>c d->>$2'],
    [
      "time(3) '1', varying(5), character varying(5), numeric(12345)",
      'time(3) $1, varying($2), character varying(5), numeric($3)',
    ],
    ["'unclosed", '$1'],
    ['x = "unclosed', 'x = $1'],
    ['-- nothing', ''],
    ['12abc 0x', '$1 $2'],
  ])('makes of `%s` `%s`', (sql, shape) => {
    expect(statementShape(sql)).toBe(shape)
  })

  it('cuts a long shape, and says so', () => {
    expect(statementShape('SELECT a, b, c', 10)).toBe('SELECT a, …')
  })

  it.each(['(', ')', '[', 'IN (', 'IN (1,', 'VALUES (', 'ARRAY[', '-', '+1', "'", '"', '$', '$a', '/*', '--', 'a '])(
    'takes a time in proportion to the length of a text of `%s`',
    (piece) => {
      const time = (length: number): number => {
        const text = piece.repeat(Math.ceil(length / piece.length))
        const start = performance.now()
        statementShape(text)
        return performance.now() - start
      }
      time(10_000)
      expect(time(100_000)).toBeLessThan(5_000) // a quadratic one takes minutes
    },
  )
})
