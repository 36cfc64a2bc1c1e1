import { describe, expect, it } from 'vitest'
import { notPlainSql } from './not-plain.js'

describe('notPlainSql', () => {
  it.each([
    ['a byte order mark at the beginning', '\uFEFFCREATE TABLE n (a int);', 1, 'byte order mark'],
    ['one in the middle, of files that were joined', 'SELECT 1;\n\uFEFFSELECT 2;', 2, 'byte order mark'],
    ['UTF-16 with its mark', Buffer.from('\uFEFFSELECT 1;', 'utf16le').toString('utf8'), 1, 'UTF-16'],
    ['UTF-16 without one', Buffer.from('SELECT 1;', 'utf16le').toString('utf8'), 1, 'UTF-16'],
    ["pg_dump's first command", '--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSELECT 1;', 5, 'pg_dump'],
    ['a command of psql', "\\set name 'x'\nSELECT 1;", 1, '\\set'],
    ['one at the end of a query', "SELECT 'DROP TABLE x'\n\\gexec", 2, '\\gexec'],
    ['rows for COPY', 'SELECT 1;\nCOPY public.t (id, "a b") FROM stdin;\n1\tit\'s\n\\.\n', 2, 'INSERT'],
    ['the same with options', 'copy t from STDIN with (format csv);\n1\n\\.', 1, 'INSERT'],
  ])('finds %s, at its line', (_, text, line, word) => {
    expect(notPlainSql(text)).toEqual({ line, problem: expect.stringContaining(word) })
  })

  it.each([
    '',
    "SELECT 'a\\b', E'it\\'s \\\\ here', \"odd\\name\" -- C:\\temp\n",
    "SELECT '\uFEFF', '\uFFFD'",
    '/* \\d /* nested \\d */ still \\d */ SELECT 1',
    "DO $$ BEGIN PERFORM regexp_replace(E'\\d', '\\d+', ''); END $$; CREATE FUNCTION f() RETURNS text AS $body$ SELECT '\\x' $body$ LANGUAGE sql",
    "COPY t FROM '/tmp/stdin'; SELECT copy FROM stdin",
    "INSERT INTO t VALUES ('copy t from stdin')",
  ])('lets pass what is quoted, in a comment or in a body: %j', (text) => {
    expect(notPlainSql(text)).toBeUndefined()
  })
})
