import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { lintMigrations } from '../../src/index.js'
import { migrationRules } from '../../src/lint/rules/all.js'
import { schemaRules } from '../../src/schema/rules/all.js'

const here = import.meta.dirname
const rules = readdirSync(path.join(here, 'rules'))
const read = (...file: string[]): string => readFileSync(path.join(here, ...file), 'utf8')

/** A folder of migrations, by name. */
function migrationsFolder(
  scripts: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'miyabi-lint-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, script] of Object.entries(scripts)) {
    mkdirSync(path.join(folder, name))
    writeFileSync(path.join(folder, name, 'migration.sql'), script)
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text)
  return folder
}

const afterBase = (script: string): string => migrationsFolder({ '1_base': read('base.sql'), '2_new': script })

/**
 * The line of the statement, or of the comment about it, that each mark stands before; several times where so many are
 * due.
 */
function marked(script: string, rule: string): { rule: string; line: number }[] {
  const lines = script.split('\n')
  return lines.flatMap((text, index) => {
    const [mark, count = '1'] = /^-- BREAKS ?(\d+)?$/.exec(text) ?? []
    if (mark === undefined) return []
    const aboutComment = rule.startsWith('ignore-')
    const next = lines.findIndex((line, i) => i > index && (aboutComment || !line.startsWith('--')))
    return Array.from({ length: Number(count) }, () => ({ rule, line: next + 1 }))
  })
}

describe('lintMigrations', () => {
  it.each(rules)('%s: finds the migration that breaks it, at its line, and nothing else', async (rule) => {
    const script = read('rules', rule, 'breaks.sql')
    const { findings } = await lintMigrations(afterBase(script))
    expect(findings.map(({ rule, line }) => ({ rule, line }))).toEqual(marked(script, rule))
    for (const { problem, remedy } of findings) expect([problem, remedy]).not.toContain('')
  })

  it.each(rules)('%s: lets the migration pass that does not', async (rule) => {
    const { findings, checked } = await lintMigrations(afterBase(read('rules', rule, 'holds.sql')))
    expect(findings).toEqual([])
    expect(checked).toEqual(['1_base', '2_new'])
  })

  it('has both migrations for every rule about a schema; what a statement does has a table of its own (effects/)', () => {
    const own = [...schemaRules, ...migrationRules].map(({ name }) => name)
    expect(rules).toEqual(expect.arrayContaining(schemaRules.map(({ name }) => name)))
    for (const rule of rules) expect([...own, 'ignore-without-reason', 'ignore-without-finding']).toContain(rule)
  })

  it('keeps what a comment answers for, with its reason', async () => {
    const script = read('rules', 'ignore-without-reason', 'holds.sql')
    const { accepted } = await lintMigrations(afterBase(script))
    expect(accepted).toEqual([
      expect.objectContaining({ migration: '2_new', rule: 'unbounded-write', reason: 'three rows' }),
    ])
  })

  it('looks at migrations after the baseline, in the light of those before it', async () => {
    const scripts = {
      '1_base': read('base.sql'),
      '2_old': 'UPDATE notes SET body = NULL;',
      '3_new': 'UPDATE notes SET title = NULL;',
    }
    const folder = migrationsFolder(scripts, { 'lint-baseline.txt': '2_old\n' })
    expect(await lintMigrations(folder)).toMatchObject({
      checked: ['3_new'],
      findings: [
        { migration: '3_new', rule: 'missing-timeouts' },
        { migration: '3_new', rule: 'unbounded-write' },
      ],
    })
    const { checked, findings } = await lintMigrations(folder, { all: true })
    expect(checked).toEqual(['1_base', '2_old', '3_new'])
    expect(findings).toHaveLength(4)
  })

  it('names the statement that spoils what was there before, where that was well', async () => {
    const limits = "SET LOCAL lock_timeout = '5s';\nSET LOCAL statement_timeout = '1min';"
    const scripts = {
      '1_base': read('base.sql'),
      '2_good': `${limits}\nALTER TABLE users DISABLE ROW LEVEL SECURITY;\nALTER TABLE users ENABLE ROW LEVEL SECURITY;`,
      '3_bad': `${limits}\nALTER TABLE users DISABLE ROW LEVEL SECURITY;\nDROP POLICY owner_all ON notes;`,
      '4_later': limits,
    }
    const folder = migrationsFolder(scripts, { 'lint-baseline.txt': '1_base' })
    const { findings } = await lintMigrations(folder)
    expect(findings.map(({ migration, line, rule, object }) => ({ migration, line, rule, object }))).toEqual([
      { migration: '3_bad', line: 3, rule: 'table-without-rls', object: 'users' },
      { migration: '3_bad', line: 4, rule: 'owner-without-policy', object: 'notes' },
    ])
    // What was wrong before the baseline is not the fault of those after it.
    const old = migrationsFolder(scripts, { 'lint-baseline.txt': '3_bad' })
    expect((await lintMigrations(old)).findings).toEqual([])
  })

  it('refuses a baseline that is no migration: nothing would be looked at', async () => {
    const folder = migrationsFolder({ '1_base': '' }, { 'lint-baseline.txt': '1_bsae' })
    await expect(lintMigrations(folder)).rejects.toMatchObject({
      code: 'migrate.lint_baseline_unknown',
      message: expect.stringContaining('1_bsae'),
    })
  })

  it('names the line of a migration that could not be run, and goes on', async () => {
    const scripts = {
      '1_bad': 'SELECT 1;\nSELEC 2;',
      '2_odd': '-- @limts lock_timeout=5s\nSELECT 1',
      '3_worse': 'CREATE VIEW v AS SELECT 1 AS one',
    }
    const { findings } = await lintMigrations(migrationsFolder(scripts))
    expect(findings).toEqual([
      expect.objectContaining({ migration: '1_bad', line: 2, rule: 'syntax-error' }),
      expect.objectContaining({ migration: '2_odd', rule: 'syntax-error', problem: expect.stringContaining('@limts') }),
      expect.objectContaining({ migration: '3_worse', rule: 'view-without-invoker', object: 'v' }),
    ])
  })

  it('takes a file without a statement for what it is, and goes on to the next', async () => {
    const scripts = {
      '1_empty': '',
      '2_blank': '\n',
      '3_comment': '-- nothing yet\n',
      '4_next': 'CREATE VIEW v AS SELECT 1 AS one',
    }
    const { checked, findings } = await lintMigrations(migrationsFolder(scripts))
    expect(checked).toHaveLength(4)
    expect(findings.map(({ migration, rule }) => [migration, rule])).toEqual([['4_next', 'view-without-invoker']])
  })

  it('tells what is not for the server, where the server would only tell of a syntax error', async () => {
    const folder = migrationsFolder({
      '1_dump': '--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nCREATE TABLE n (a int);',
      '2_mark': '\uFEFFCREATE TABLE n (a int);',
      '3_wide': '',
      '4_old': '',
      '5_rows': 'COPY n (a) FROM stdin;\n1\n\\.',
    })
    writeFileSync(path.join(folder, '3_wide/migration.sql'), Buffer.from('\uFEFFCREATE TABLE n (a int);', 'utf16le'))
    writeFileSync(path.join(folder, '4_old/migration.sql'), Buffer.from('-- f\xfcr\nSELECT 1;', 'latin1'))
    const { findings } = await lintMigrations(folder)
    expect(findings.map(({ migration, line, rule }) => [migration, line, rule])).toEqual([
      ['1_dump', 5, 'syntax-error'],
      ['2_mark', 1, 'syntax-error'],
      ['3_wide', 1, 'syntax-error'],
      ['4_old', 1, 'syntax-error'],
      ['5_rows', 1, 'syntax-error'],
    ])
    const words = ['\\restrict', 'byte order mark', 'UTF-16', 'UTF-8', 'COPY']
    expect(findings.map(({ problem }) => problem)).toEqual(words.map((word) => expect.stringContaining(word)))
  })

  it('names all that a table of the house lacks in one run, with remedies after which nothing is left', async () => {
    const folder = path.resolve(here, '../../../../prisma/migrations')
    const house = readdirSync(folder).filter((name) => /^\d/.test(name))
    const scripts = (up: string, rows = ''): string => {
      const copy = migrationsFolder({
        ...Object.fromEntries(
          house.map((name) => [name, readFileSync(path.join(folder, name, 'migration.sql'), 'utf8')]),
        ),
        '29990101000000_extra': `SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '1min';\n${up}`,
      })
      writeFileSync(path.join(copy, house[0] ?? '', 'rows.sql'), 'INSERT INTO users VALUES (1)')
      writeFileSync(path.join(copy, '29990101000000_extra/rows.sql'), rows)
      writeFileSync(path.join(copy, 'lint-baseline.txt'), house.at(-1) ?? '')
      return copy
    }
    const up = 'CREATE TABLE extra (id uuid PRIMARY KEY);\n'
    const { findings } = await lintMigrations(scripts(up))
    expect(findings.map(({ rule, object }) => [rule, object])).toEqual(
      ['table-without-rls', 'owner-differs', 'service-without-access', 'table-without-rows'].map((rule) => [
        rule,
        'extra',
      ]),
    )
    const remedies = findings.slice(0, 3).map(({ remedy }) => remedy)
    expect(remedies.join()).toContain('CREATE POLICY owner_all ON extra FOR ALL TO miyabi_owner USING (true)')
    const mended = await lintMigrations(scripts(`${up}${remedies.join(';\n')};`, 'INSERT INTO extra VALUES (NULL)'))
    expect(mended.findings).toEqual([])
  })

  it("finds nothing in this repository's own migrations", async () => {
    const { findings } = await lintMigrations(path.resolve(here, '../../../../prisma/migrations'))
    expect(findings).toEqual([])
  })
})
