import path from 'node:path'
import { type LintFinding, type LintReport, lintMigrations } from '@miyabi/migrate'
import { commandEnvironment } from '../environment/environment.js'
import { exitCode } from '../terminal/exit-code.js'
import { resultWidth } from '../terminal/output.js'
import { bold, cyan, style } from '../terminal/style.js'
import { wrap } from '../terminal/wrap.js'
import { command } from '../usage/command.js'

export const lintCommand = command({
  details: 'Names a safe alternative for each finding. Needs no database.',
  options: {
    all: {
      type: 'flag',
      description: 'Also checks the migrations before the baseline (prisma/migrations/lint-baseline.txt).',
    },
  },
  json: 'one object',
  examples: [
    ['miyabi migrate lint', 'Runs before a commit, and in continuous integration.'],
    ['miyabi migrate lint --all', 'Checks every migration as if it were new.'],
    ['miyabi migrate lint --json | jq .findings', 'Prints the findings for a program.'],
  ],
  findings: 'A migration breaks a rule',
  more: 'docs/reference/migration-rules.md',
  busy: 'checking the migrations',
  async run({ args }) {
    const folder = path.join(commandEnvironment().schemaRoot, 'prisma/migrations')
    const report = await lintMigrations(folder, { all: args.all })
    const code = report.findings.length > 0 ? exitCode.findings : exitCode.clean
    return { code, json: report, text: renderLint(report) }
  },
})

function renderLint({ checked, findings, accepted }: LintReport): string {
  const parts = checked.flatMap((name) => {
    const own = findings.filter(({ migration }) => migration === name)
    return own.length === 0 ? [] : [bold(`${name}/migration.sql`), ...own.map(renderFinding), '']
  })
  const sum = findings.length === 0 ? 'nothing found' : `${findings.length} found`
  const answered = accepted.length === 0 ? '' : `, ${accepted.length} accepted by a comment`
  return [...parts, `${checked.length} migrations checked: ${sum}${answered}`].join('\n')
}

function renderFinding({ line, rule, object, problem, remedy }: LintFinding): string {
  const about = object === undefined ? problem : `${object}: ${problem}`
  const below = (text: string): readonly string[] => wrap(text, resultWidth() - 8)
  return [
    `  ${String(line).padStart(4)}  ${style('yellow', rule)}`,
    ...below(about).map((part) => `        ${part}`),
    ...below(remedy).map((part) => `        ${cyan(part)}`),
  ].join('\n')
}
