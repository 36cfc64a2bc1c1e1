import { isProduction, MIGRATOR_URLS, MiyabiError } from '@miyabi/core'
import { explainStatement, migrationDatabaseUrl, NoDatabaseError, parseTarget, slowStatements } from '@miyabi/migrate'
import { commandEnvironment, stackUnlessSet } from '../environment/environment.js'
import { serverName } from '../environment/server-name.js'
import { command, UsageError } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { untilInterrupted } from '../terminal/interrupted.js'
import { print, say } from '../terminal/output.js'
import { renderSlow } from '../terminal/slow-table.js'

export const slow = command({
  name: 'slow',
  purpose:
    'Lists the statements on which the PostgreSQL server spent most time, without their values, or with --explain shows the plan of one without running it. Ends with 2 when one takes --slow-ms on average.',
  options: {
    limit: { type: 'string', default: '20', description: 'How many to list.' },
    'slow-ms': { type: 'string', default: '250', description: 'From which mean time on a statement is slow.' },
    all: { type: 'boolean', description: 'Also what ran as a login itself, such as migrations.' },
    explain: { type: 'string', description: 'The id of a statement in the list, or SQL with $1, $2 for its values.' },
    role: { type: 'string', description: 'As whom to plan it. Default: as whom it ran, else miyabi_service.' },
    'allow-production': { type: 'boolean', description: 'Plan also where NODE_ENV is production.' },
    json: { type: 'boolean', description: 'Print one JSON object.' },
  },
  examples: [
    ['pnpm db:slow', 'of the embedded stack, or of the server of DIRECT_DATABASE_URL'],
    ['pnpm db:slow --explain 3fa2c81b90d7e645', 'how the server runs the statement of that id'],
    ['pnpm --silent db:slow --json | jq -r ".statements[0].statement"', 'for a program'],
  ],
  async run({ args }) {
    const limit = numberOf('limit', args.limit)
    const slowMs = numberOf('slow-ms', args['slow-ms'])
    const { explain, role } = args
    const environment = commandEnvironment()
    if (explain !== undefined && isProduction(environment.env) && !args['allow-production'])
      throw new PlanRefusedError()
    await using stack = await stackUnlessSet(environment, MIGRATOR_URLS)
    const url = stack?.descriptor.postgres.directDatabaseUrl ?? migrationDatabaseUrl(environment.root, environment.env)
    if (url === undefined) throw new NoDatabaseError('slow', environment.env)
    const database = parseTarget(url)
    say(stack ? "the embedded stack's PostgreSQL" : `PostgreSQL: ${serverName(database)}`)
    return await untilInterrupted(async (signal) => {
      if (explain !== undefined) {
        const plan = await explainStatement({ database, statement: explain, ...(role && { role }), signal })
        print(args.json ? JSON.stringify(plan, undefined, 2) : [plan.sql, '', ...plan.lines].join('\n'))
        return exitCode.clean
      }
      const found = await slowStatements({ database, all: Boolean(args.all), signal })
      const listed = { ...found, statements: found.statements.slice(0, limit) }
      print(args.json ? JSON.stringify({ slowMs, ...listed }, undefined, 2) : renderSlow(listed, slowMs))
      return found.statements.some(({ meanMs }) => meanMs >= slowMs) ? exitCode.findings : exitCode.clean
    })
  },
})

/** @throws {UsageError} */
function numberOf(option: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new UsageError(`--${option} expects a number`, 'slow')
}

/** A plan was asked for in production: it shows estimates from the rows of everybody. */
class PlanRefusedError extends MiyabiError<'cli.plan_in_production'> {
  override readonly name = 'PlanRefusedError'

  constructor() {
    super(
      'cli.plan_in_production',
      'A plan shows estimates that the server made from the rows of everybody, and NODE_ENV is production',
      { remedy: 'add --allow-production' },
    )
  }
}
