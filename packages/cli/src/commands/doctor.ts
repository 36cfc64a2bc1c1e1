import { migrationDatabaseUrl, parseTarget } from '@miyabi/migrate'
import { commandEnvironment, environmentWithStack } from '../environment/environment.js'
import { serverName } from '../environment/server-name.js'
import { exitCode } from '../terminal/exit-code.js'
import { untilInterrupted } from '../terminal/interrupted.js'
import { resultWidth, say } from '../terminal/output.js'
import { command } from '../usage/command.js'

export const doctor = command({
  details: 'Also checks row-level security, indexes, migrations, drift and partitions. Changes nothing.',
  json: 'one object',
  examples: [
    ['miyabi doctor', 'Runs when something does not work, and before a release.'],
    ['miyabi doctor --json | jq ".groups[].findings[]"', 'Prints every finding for a program.'],
  ],
  findings: 'Something is wrong',
  more: 'packages/cli/README.md#doctor',
  busy: 'checking the environment',
  async run({ progress }) {
    const { checkGroups, examine, renderReports } = await import('../doctor/index.js')
    const { postgres, groups } = await untilInterrupted(async (signal) => {
      await using environment = await environmentWithStack(commandEnvironment())
      if (environment.usesStack) say('using the embedded stack for the stores that the environment does not name')
      const url = migrationDatabaseUrl(environment.root, environment.env)
      const migrator = url === undefined ? undefined : parseTarget(url)
      const postgres = migrator && serverName(migrator)
      const onGroup = (name: string, index: number): void =>
        progress.step(`checking ${name} (${index + 1} of ${checkGroups.length})`)
      return { postgres, groups: await examine(checkGroups, { ...environment, migrator }, { signal, onGroup }) }
    })
    const server = postgres === undefined ? [] : [`PostgreSQL: ${postgres}`, '']
    return {
      code: codeOf(groups.map(({ state }) => state)),
      json: { postgres, groups },
      text: [...server, renderReports(groups, resultWidth())].join('\n'),
    }
  },
})

function codeOf(states: readonly string[]): number {
  if (states.includes('findings')) return exitCode.findings
  return states.includes('unknown') ? exitCode.failed : exitCode.clean
}
