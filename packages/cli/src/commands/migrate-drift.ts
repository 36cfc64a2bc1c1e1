import path from 'node:path'
import { ACCEPTED_FILE, type Drift, findDrift, readAcceptances, renderCatalogDiff } from '@miyabi/migrate'
import { withDynamo } from '../environment/with-dynamo.js'
import { withMigrations } from '../environment/with-migrations.js'
import { command } from '../terminal/command.js'
import { describeError } from '../terminal/describe-error.js'
import { exitCode } from '../terminal/exit-code.js'
import { InterruptedError } from '../terminal/interrupted.js'
import { heading, print } from '../terminal/output.js'

/** What DynamoDB has otherwise than its definitions say. */
interface DynamoDrift {
  readonly server: string
  readonly differences: readonly {
    readonly table: string
    readonly what: string
    readonly expected: string
    readonly found: string
  }[]
}

/** A store that could not be asked. */
interface Unknown {
  readonly unknown: string
}

export const driftCommand = command({
  name: 'migrate drift',
  purpose:
    'Compares both stores with what the code makes of them: PostgreSQL with its migrations, run in a scratch database, and DynamoDB with the definitions of its tables. Ends with 2 when somebody changed something by hand.',
  options: { json: { type: 'boolean', description: 'Print one JSON object.' } },
  examples: [
    ['pnpm db:migrate drift', '- is missing, + should not be there, ~ is otherwise'],
    ['DIRECT_DATABASE_URL=postgresql://... pnpm db:migrate drift', 'of another database'],
    ['pnpm --silent db:migrate drift --json | jq ".postgres.differences[].name"', 'for a program'],
  ],
  async run({ args }) {
    const postgres = await orUnknown(
      withMigrations(({ project, databaseUrl, migrations, signal }) => {
        const acceptances = readAcceptances(path.join(project.root, project.migrations))
        return findDrift({ databaseUrl, migrations, acceptances, signal })
      }),
    )
    const dynamodb = await orUnknown(
      withDynamo(async (dynamo, server): Promise<DynamoDrift> => {
        const { steps } = await dynamo.tables.plan()
        const differences = steps.map(({ table, what, expected, found }) => ({ table, what, expected, found }))
        return { server, differences }
      }),
    )
    if (args.json) print(JSON.stringify({ postgres, dynamodb }, undefined, 2))
    else
      print(
        [heading('PostgreSQL'), renderPostgres(postgres), '', heading('DynamoDB'), renderDynamo(dynamodb)].join('\n'),
      )
    const stores = [postgres, dynamodb]
    const isFound = (store: (typeof stores)[number]): boolean =>
      ('differences' in store && store.differences.length > 0) || ('unused' in store && store.unused.length > 0)
    if (stores.some(isFound)) return exitCode.findings
    return stores.some((store) => 'unknown' in store) ? exitCode.failed : exitCode.clean
  },
})

const orUnknown = <T>(work: Promise<T>): Promise<T | Unknown> =>
  work.catch((error: unknown) => {
    if (error instanceof InterruptedError) throw error
    return { unknown: describeError(error) }
  })

function renderPostgres(drift: Drift | Unknown): string {
  if ('unknown' in drift) return drift.unknown
  const { applied, pending, differences, accepted, unused } = drift
  const behind = pending.length === 0 ? '' : ` (${pending.length} more are pending: \`pnpm prisma migrate deploy\`)`
  const sum = `compared with ${applied.length} migrations${behind}: ${differences.length === 0 ? 'no difference' : `${differences.length} differences`}`
  return [
    ...(differences.length === 0 ? [] : [renderCatalogDiff(differences)]),
    sum,
    ...accepted.map(({ kind, name, reason }) => `agreed to: ${kind} ${name} (${reason})`),
    ...unused.map(
      ({ line, kind, name }) =>
        `${ACCEPTED_FILE}, line ${line}: ${kind} ${name} does not differ any more; take the line out`,
    ),
  ].join('\n')
}

function renderDynamo(drift: DynamoDrift | Unknown): string {
  if ('unknown' in drift) return drift.unknown
  const { differences } = drift
  if (differences.length === 0) return 'no difference'
  const lines = differences.map(({ table, what, expected, found }) =>
    found === 'absent'
      ? `- ${table}, ${what}`
      : `~ ${table}, ${what}\n    should be\n      ${expected}\n    is\n      ${found}`,
  )
  return [...lines, `${differences.length} differences: \`pnpm db:tables plan\` says what it takes`].join('\n')
}
