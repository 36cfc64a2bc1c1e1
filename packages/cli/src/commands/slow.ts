import { isProduction, MIGRATOR_URLS, MiyabiError } from '@miyabi/core'
import { explainStatement, migrationDatabaseUrl, NoDatabaseError, parseTarget, slowStatements } from '@miyabi/migrate'
import { commandEnvironment, stackUnlessSet } from '../environment/environment.js'
import { sayPostgres } from '../environment/server-name.js'
import { exitCode } from '../terminal/exit-code.js'
import { untilInterrupted } from '../terminal/interrupted.js'
import { resultWidth } from '../terminal/output.js'
import { renderSlow } from '../terminal/slow-table.js'
import { command } from '../usage/command.js'
import * as value from '../usage/values.js'

export const slow = command({
  details: 'Shows statements without their values, and plans without running the statement.',
  options: {
    limit: { type: value.wholeNumber(), default: '20', description: 'How many statements to list.' },
    'slow-ms': {
      type: value.wholeNumber(),
      default: '250',
      description: 'The mean time from which a statement counts as slow, in milliseconds.',
    },
    all: { type: 'flag', description: 'Also lists statements that ran as the login itself, such as migrations.' },
    explain: {
      type: value.text('ID|SQL'),
      description: 'Shows the plan of a statement: its id in the list, or SQL with $1, $2 for its values.',
    },
    role: {
      type: value.text('ROLE'),
      description: 'The role to plan it as. Default: the role that it ran as, else miyabi_service.',
    },
    'allow-production': { type: 'flag', description: 'Also plans if NODE_ENV is production.' },
  },
  json: 'one object',
  examples: [
    ['miyabi slow', 'Reads the embedded stack, or the server of DIRECT_DATABASE_URL.'],
    ['miyabi slow --explain 3fa2c81b90d7e645', 'Shows how the server runs the statement with that id.'],
    ['miyabi slow --json | jq -r ".statements[0].statement"', 'Prints the first statement for a program.'],
  ],
  findings: 'The mean time of a statement is --slow-ms or more',
  more: 'packages/cli/README.md#slow-statements',
  busy: 'reading the statistics of the statements',
  async run({ args: { limit, explain, role, all, 'slow-ms': slowMs, 'allow-production': isAllowed } }) {
    const environment = commandEnvironment()
    if (explain !== undefined && isProduction(environment.env) && !isAllowed) throw new PlanRefusedError()
    await using stack = await stackUnlessSet(environment, MIGRATOR_URLS)
    const url = stack?.descriptor.postgres.directDatabaseUrl ?? migrationDatabaseUrl(environment.root, environment.env)
    if (url === undefined) throw new NoDatabaseError('slow', environment.env)
    const database = parseTarget(url)
    sayPostgres(database, stack)
    return await untilInterrupted(async (signal) => {
      if (explain !== undefined) {
        const plan = await explainStatement({ database, statement: explain, ...(role && { role }), signal })
        return { code: exitCode.clean, json: plan, text: [plan.sql, '', ...plan.lines].join('\n') }
      }
      const found = await slowStatements({ database, all, signal })
      const listed = { ...found, statements: found.statements.slice(0, limit) }
      return {
        code: found.statements.some(({ meanMs }) => meanMs >= slowMs) ? exitCode.findings : exitCode.clean,
        json: { slowMs, ...listed },
        text: renderSlow(listed, slowMs, resultWidth()),
      }
    })
  },
})

/** A plan was requested in production; it shows estimates from the rows of every user. */
class PlanRefusedError extends MiyabiError<'cli.plan_in_production'> {
  override readonly name = 'PlanRefusedError'

  constructor() {
    super('cli.plan_in_production', 'A plan shows estimates from the rows of every user, and NODE_ENV is production', {
      remedy: 'add --allow-production',
    })
  }
}
