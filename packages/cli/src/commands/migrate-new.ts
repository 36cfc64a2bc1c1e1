import path from 'node:path'
import { checkNewMigrations, type NewChecked, type NewMigration, newMigration } from '@miyabi/migrate'
import { withMigrations } from '../environment/with-migrations.js'
import { exitCode } from '../terminal/exit-code.js'
import { cyan, style } from '../terminal/style.js'
import { command } from '../usage/command.js'
import * as value from '../usage/values.js'

export const newCommand = command({
  details:
    'Writes migration.sql, down.sql and rows.sql, with room for your own SQL, and tries them in scratch databases. Applies nothing.',
  arguments: {
    name: { type: value.text('NAME'), description: 'Names the migration: lower-case letters, digits, underscores.' },
  },
  options: {
    single: {
      type: 'flag',
      description: 'For a single statement that cannot run in a transaction, such as VACUUM or REINDEX CONCURRENTLY.',
    },
  },
  json: 'one object',
  examples: [
    ['miyabi migrate new add_nickname', 'Runs after a change of prisma/schema, or before you write SQL.'],
    ['miyabi migrate new reindex_users --single', 'For a statement that PostgreSQL refuses in a transaction.'],
  ],
  findings: 'Something is left to do manually',
  more: 'docs/MIGRATIONS.md',
  busy: 'writing the migration',
  run({ args, progress }) {
    return withMigrations(
      async ({ project, databaseUrl, signal }) => {
        const migrations = await newMigration({ project, name: args.name, single: args.single, signal })
        const folder = path.join(project.root, project.migrations)
        const names = migrations.map(({ name }) => name)
        progress.step('trying the migration in scratch databases')
        // A statement that is not written yet cannot be tried.
        const checked = args.single ? NOTHING : await checkNewMigrations({ folder, databaseUrl, names, signal })
        const isWhole = migrations.every(({ byHand }) => byHand === undefined)
        const isClean =
          isWhole && checked.lint.length === 0 && checked.tried.every(({ findings }) => findings.length === 0)
        return {
          code: isClean ? exitCode.clean : exitCode.findings,
          json: { migrations, ...checked },
          text: render(migrations, checked, isClean),
        }
      },
      { writes: true },
    )
  },
})

const NOTHING: NewChecked = { tried: [], lint: [] }

function render(migrations: readonly NewMigration[], { tried, notTried, lint }: NewChecked, isClean: boolean): string {
  const lines = migrations.flatMap(({ files }) => files)
  for (const { name, findings } of tried) {
    if (findings.length === 0) lines.push(`${name}: applied, rolled back and applied again, with rows in the tables`)
    for (const { problem, text } of findings) lines.push(`${style('yellow', name)}: ${problem}: ${text}`)
  }
  for (const { name, byHand = [] } of migrations)
    for (const text of byHand) lines.push(`${style('yellow', name)}: ${text}`)
  if (notTried !== undefined) lines.push(`not tried: ${notTried}`)
  for (const { migration, line, rule, problem, remedy } of lint) {
    lines.push(`${style('yellow', migration)}, line ${line}, ${rule}: ${problem}`, `  ${cyan(remedy)}`)
  }
  lines.push(
    isClean
      ? 'Review the files, then apply them with `miyabi prisma migrate dev`.'
      : 'Complete the files before you apply them; then run `miyabi migrate lint` and `miyabi migrate verify`.',
  )
  return lines.join('\n')
}
