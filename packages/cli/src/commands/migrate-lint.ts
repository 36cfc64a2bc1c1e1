import path from 'node:path'
import { type LintFinding, type LintReport, lintMigrations } from '@miyabi/migrate'
import { commandEnvironment } from '../environment/environment.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print, style } from '../terminal/output.js'

export const lintCommand = command({
  name: 'migrate lint',
  purpose:
    'Checks the new migrations for locks, lost rows and open doors, with the safe way to do the same. Needs no database. Ends with 2 when it finds something.',
  options: {
    all: {
      type: 'boolean',
      description: 'Check those before the baseline (prisma/migrations/lint-baseline.txt), too.',
    },
    json: { type: 'boolean', description: 'Print one JSON object.' },
  },
  examples: [
    ['pnpm db:migrate lint', 'before a commit, and in continuous integration'],
    ['pnpm db:migrate lint --all', 'all that ever was, as if it were new'],
    ['pnpm --silent db:migrate lint --json | jq .findings', 'for a program'],
  ],
  async run({ args }) {
    const folder = path.join(commandEnvironment().schemaRoot, 'prisma/migrations')
    const report = await lintMigrations(folder, { all: Boolean(args.all) })
    print(args.json ? JSON.stringify(report, undefined, 2) : renderLint(report))
    return report.findings.length > 0 ? exitCode.findings : exitCode.clean
  },
})

function renderLint({ checked, findings, accepted }: LintReport): string {
  const parts = checked.flatMap((name) => {
    const own = findings.filter(({ migration }) => migration === name)
    return own.length === 0 ? [] : [style('bold', `${name}/migration.sql`), ...own.map(renderFinding), '']
  })
  const sum = findings.length === 0 ? 'nothing found' : `${findings.length} found`
  const answered = accepted.length === 0 ? '' : `, ${accepted.length} answered for by a comment`
  return [...parts, `${checked.length} migrations checked: ${sum}${answered}`].join('\n')
}

function renderFinding({ line, rule, object, problem, remedy }: LintFinding): string {
  const about = object === undefined ? problem : `${object}: ${problem}`
  return [
    `  ${String(line).padStart(4)}  ${style('yellow', rule)}`,
    `        ${about}`,
    `        ${style('cyan', remedy)}`,
  ].join('\n')
}
