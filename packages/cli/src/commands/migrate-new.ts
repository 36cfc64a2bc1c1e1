import path from 'node:path'
import { checkNewMigrations, type NewChecked, type NewMigration, newMigration } from '@miyabi/migrate'
import { withMigrations } from '../environment/with-migrations.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print, style } from '../terminal/output.js'

export const newCommand = command({
  name: 'migrate new',
  purpose:
    'Writes a migration for what is new in the Prisma schema: migration.sql, its way back down.sql, and rows.sql, with room for SQL by hand. Tries them on a database of their own and applies nothing. Ends with 2 when something is left to do by hand.',
  options: {
    name: { type: 'positional', description: 'What it does: small letters, digits, underscores.', required: true },
    single: {
      type: 'boolean',
      description:
        'For one statement by hand that cannot run in a transaction, such as VACUUM or REINDEX CONCURRENTLY.',
    },
    json: { type: 'boolean', description: 'Print one JSON object.' },
  },
  examples: [
    ['pnpm db:migrate new add_nickname', 'after prisma/schema was changed, or for SQL by hand'],
    ['pnpm db:migrate new reindex_users --single', 'for a statement that PostgreSQL refuses in a transaction'],
  ],
  run({ args }) {
    return withMigrations(
      async ({ project, databaseUrl, signal }) => {
        const migrations = await newMigration({ project, name: args.name, single: Boolean(args.single), signal })
        const folder = path.join(project.root, project.migrations)
        const names = migrations.map(({ name }) => name)
        // One that is yet to be written by hand has nothing to try.
        const checked = args.single ? NOTHING : await checkNewMigrations({ folder, databaseUrl, names, signal })
        const isWhole = migrations.every(({ byHand }) => byHand === undefined)
        const isClean =
          isWhole && checked.lint.length === 0 && checked.tried.every(({ findings }) => findings.length === 0)
        if (args.json) print(JSON.stringify({ migrations, ...checked }, undefined, 2))
        else print(render(migrations, checked, isClean))
        return isClean ? exitCode.clean : exitCode.findings
      },
      { writes: true },
    )
  },
})

const NOTHING: NewChecked = { tried: [], lint: [] }

function render(migrations: readonly NewMigration[], { tried, notTried, lint }: NewChecked, isClean: boolean): string {
  const lines = migrations.flatMap(({ files }) => files)
  for (const { name, findings } of tried) {
    if (findings.length === 0) lines.push(`${name}: applied, undone and applied again, with rows in the tables`)
    for (const { problem, text } of findings) lines.push(`${style('yellow', name)}: ${problem}: ${text}`)
  }
  for (const { name, byHand = [] } of migrations)
    for (const text of byHand) lines.push(`${style('yellow', name)}: ${text}`)
  if (notTried !== undefined) lines.push(`not tried: ${notTried}`)
  for (const { migration, line, rule, problem, remedy } of lint) {
    lines.push(`${style('yellow', migration)}, line ${line}, ${rule}: ${problem}`, `  ${style('cyan', remedy)}`)
  }
  lines.push(
    isClean
      ? 'Look them through, then `pnpm prisma migrate dev` to apply them here.'
      : 'To be done by hand, in these files, before they are applied; then `pnpm db:migrate lint` and `pnpm db:migrate verify`.',
  )
  return lines.join('\n')
}
