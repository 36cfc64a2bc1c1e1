import { type DatabaseStatus, databaseStatus, describeHolder, type MigrationStatus } from '@miyabi/migrate'
import { withMigrations } from '../environment/with-migrations.js'
import { exitCode } from '../terminal/exit-code.js'
import { resultWidth } from '../terminal/output.js'
import { style } from '../terminal/style.js'
import { table } from '../terminal/table.js'
import { command } from '../usage/command.js'

export const migrateStatus = command({
  details: 'Also shows which migrations have a down.sql.',
  json: 'one object',
  examples: [
    ['miyabi migrate status', 'Prints a table, and what to do.'],
    [
      'miyabi migrate status --json | jq -r ".migrations[] | select(.state == \\"pending\\").name"',
      'Prints the names of the pending ones.',
    ],
  ],
  findings: 'A migration is not applied, cannot be rolled back, or left an invalid index',
  more: 'docs/MIGRATIONS.md',
  busy: 'reading the history of the migrations',
  run() {
    return withMigrations(async ({ databaseUrl, migrations }) => {
      const status = await databaseStatus(databaseUrl, migrations)
      const problems = status.problems.map(({ code, message, details }) => ({ code, message, details }))
      const isClean =
        status.migrations.every(({ state, hasDown }) => state === 'applied' && hasDown) &&
        status.invalidIndexes.length === 0
      return {
        code: isClean ? exitCode.clean : exitCode.findings,
        json: { ...status, problems },
        text: renderStatus(status),
      }
    })
  },
})

function renderStatus({ migrations, holder, invalidIndexes, problems }: DatabaseStatus): string {
  const notes: string[] = []
  if (holder) notes.push(`A deploy or a rollback is running now: ${describeHolder(holder)}`)
  for (const { code, message } of problems) notes.push(`${style('red', code)}\n${message}`)
  if (problems.length === 0 && migrations.some(({ state }) => state === 'pending')) {
    notes.push('`miyabi prisma migrate deploy` applies what is pending.')
  }
  const noDown = migrations.find(({ hasDown, state }) => !hasDown && state !== 'unknown')
  if (noDown) notes.push(`\`miyabi migrate down ${noDown.name}\` writes its down.sql.`)
  for (const index of invalidIndexes) {
    notes.push(
      `The index ${index} is invalid, because creating it was interrupted. Run \`DROP INDEX CONCURRENTLY ${index}\`, then create it again.`,
    )
  }
  return [renderTable(migrations), ...notes].join('\n\n')
}

const COLORS = { applied: undefined, pending: 'yellow', failed: 'red', edited: 'red', unknown: 'red' } as const
const COLUMNS = ['state', 'migration', 'down', 'applied at'].map((title) => ({ title }))

function renderTable(migrations: readonly MigrationStatus[]): string {
  if (migrations.length === 0) return 'There are no migrations.'
  const rows = migrations.map(({ name, state, hasDown, startedAt }) => {
    const color = COLORS[state]
    return {
      cells: [state, name, hasDown ? 'yes' : 'no', startedAt?.toISOString() ?? '-'],
      ...(color !== undefined && { style: (line: string) => style(color, line) }),
    }
  })
  return table(COLUMNS, rows, resultWidth())
}
