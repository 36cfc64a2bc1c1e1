import { migrationDatabaseUrl, parseTarget } from '@miyabi/migrate'
import { commandEnvironment, environmentWithStack } from '../environment/environment.js'
import { serverName } from '../environment/server-name.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { untilInterrupted } from '../terminal/interrupted.js'
import { print, progressLine, say } from '../terminal/output.js'

export const doctor = command({
  name: 'doctor',
  purpose:
    'Looks over settings, servers, migrations, row-level security, indexes, DynamoDB tables and pool sizes, and names the command that mends each finding. Changes nothing.',
  options: { json: { type: 'boolean', description: 'Print one JSON object.' } },
  examples: [
    ['pnpm db:doctor', 'when something is odd, and before a release'],
    ['pnpm --silent db:doctor --json | jq ".groups[].findings[]"', 'for a program'],
  ],
  async run({ args }) {
    const { checkGroups, examine, renderReports } = await import('../doctor/index.js')
    const { postgres, groups } = await untilInterrupted(async (signal) => {
      await using environment = await environmentWithStack(commandEnvironment())
      if (environment.usesStack) say('the embedded stack stands in for what the environment does not name')
      const url = migrationDatabaseUrl(environment.root, environment.env)
      const migrator = url === undefined ? undefined : parseTarget(url)
      const postgres = migrator && serverName(migrator)
      using progress = progressLine(args.json ? undefined : process.stderr)
      const onGroup = (name: string, index: number): void =>
        progress.show(`looking at ${name} (${index + 1} of ${checkGroups.length}) ...`)
      return { postgres, groups: await examine(checkGroups, { ...environment, migrator }, { signal, onGroup }) }
    })
    const server = postgres === undefined ? [] : [`PostgreSQL: ${postgres}`, '']
    print(
      args.json ? JSON.stringify({ postgres, groups }, undefined, 2) : [...server, renderReports(groups)].join('\n'),
    )
    if (groups.some(({ state }) => state === 'findings')) return exitCode.findings
    return groups.some(({ state }) => state === 'unknown') ? exitCode.failed : exitCode.clean
  },
})
