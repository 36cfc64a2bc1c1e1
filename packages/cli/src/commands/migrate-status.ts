import { type DatabaseStatus, databaseStatus, describeHolder, type MigrationStatus } from '@miyabi/migrate'
import { withMigrations } from '../environment/with-migrations.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print, style } from '../terminal/output.js'

export const migrateStatus = command({
  name: 'migrate status',
  purpose:
    'Tells which migrations are applied, pending, failed, edited or unknown to this code, and which have a way back. Ends with 2 unless all are applied and can be undone.',
  options: { json: { type: 'boolean', description: 'Print one JSON object.' } },
  examples: [
    ['pnpm db:migrate status', 'a table for people, and what to do'],
    [
      'pnpm --silent db:migrate status --json | jq -r ".migrations[] | select(.state == \\"pending\\").name"',
      'for a program',
    ],
  ],
  run({ args }) {
    return withMigrations(async ({ databaseUrl, migrations }) => {
      const status = await databaseStatus(databaseUrl, migrations)
      const problems = status.problems.map(({ code, message, details }) => ({ code, message, details }))
      if (args.json) print(JSON.stringify({ ...status, problems }, undefined, 2))
      else print(renderStatus(status))
      const isClean =
        status.migrations.every(({ state, hasDown }) => state === 'applied' && hasDown) &&
        status.invalidIndexes.length === 0
      return isClean ? exitCode.clean : exitCode.findings
    })
  },
})

function renderStatus({ migrations, holder, invalidIndexes, problems }: DatabaseStatus): string {
  const notes: string[] = []
  if (holder) notes.push(`A deploy or a rollback is at work at this moment: ${describeHolder(holder)}`)
  for (const { code, message } of problems) notes.push(`${style('red', code)}\n${message}`)
  if (problems.length === 0 && migrations.some(({ state }) => state === 'pending')) {
    notes.push('`pnpm prisma migrate deploy` applies what is pending.')
  }
  const noDown = migrations.find(({ hasDown, state }) => !hasDown && state !== 'unknown')
  if (noDown) notes.push(`\`pnpm db:migrate down ${noDown.name}\` writes its way back.`)
  for (const index of invalidIndexes) {
    notes.push(
      `The index ${index} was not built to its end, and is of no use: \`DROP INDEX CONCURRENTLY ${index}\`, then make it again.`,
    )
  }
  return [renderTable(migrations), ...notes].join('\n\n')
}

const COLOURS = { applied: 'green', pending: 'yellow', failed: 'red', edited: 'red', unknown: 'red' } as const

function renderTable(migrations: readonly MigrationStatus[]): string {
  if (migrations.length === 0) return 'There are no migrations.'
  const width = Math.max(...migrations.map(({ name }) => name.length))
  const row = (state: string, name: string, down: string, since: string): string =>
    `${state}  ${name.padEnd(width)}  ${down.padEnd(4)}  ${since}`
  return [
    style('bold', row('state   ', 'migration', 'down', 'applied at')),
    ...migrations.map(({ name, state, hasDown, startedAt }) =>
      row(style(COLOURS[state], state.padEnd(8)), name, hasDown ? 'yes' : 'no', startedAt?.toISOString() ?? '-'),
    ),
  ].join('\n')
}
