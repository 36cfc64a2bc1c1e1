import path from 'node:path'
import { ACCEPTED_FILE, type Drift, findDrift, readAcceptances, renderCatalogDiff } from '@miyabi/migrate'
import { withDynamo } from '../environment/with-dynamo.js'
import { withMigrations } from '../environment/with-migrations.js'
import { describeError } from '../terminal/describe-error.js'
import { type ErrorFacts, errorFacts } from '../terminal/error-facts.js'
import { exitCode } from '../terminal/exit-code.js'
import { InterruptedError } from '../terminal/interrupted.js'
import { heading } from '../terminal/style.js'
import { command } from '../usage/command.js'

/** How DynamoDB differs from its definitions. */
interface DynamoDrift {
  readonly server: string
  readonly differences: readonly {
    readonly table: string
    readonly what: string
    readonly expected: string
    readonly found: string
  }[]
}

/** A store that could not be compared. */
interface Unknown {
  readonly unknown: ErrorFacts
  /** The error as text. */
  readonly shown: string
}

export const driftCommand = command({
  details:
    'Compares PostgreSQL with its migrations, run in a scratch database, and DynamoDB with the definitions of its tables.',
  json: 'one object',
  examples: [
    ['miyabi migrate drift', '- is missing, + should not exist, ~ differs.'],
    ['DIRECT_DATABASE_URL=postgresql://... miyabi migrate drift', 'Checks another database.'],
    ['miyabi migrate drift --json | jq ".postgres.differences[].name"', 'Prints the names for a program.'],
  ],
  findings: 'A store was changed manually',
  more: 'docs/MIGRATIONS.md',
  busy: 'comparing PostgreSQL with its migrations in a scratch database',
  async run({ progress }) {
    const postgres = await orUnknown(
      withMigrations(({ project, databaseUrl, migrations, signal }) => {
        const acceptances = readAcceptances(path.join(project.root, project.migrations))
        return findDrift({ databaseUrl, migrations, acceptances, signal })
      }),
    )
    progress.step('comparing DynamoDB with the definitions of its tables')
    const dynamodb = await orUnknown(
      withDynamo(async (dynamo, server): Promise<DynamoDrift> => {
        const { steps } = await dynamo.tables.plan()
        const differences = steps.map(({ table, what, expected, found }) => ({ table, what, expected, found }))
        return { server, differences }
      }),
    )
    return {
      code: codeOf([postgres, dynamodb]),
      json: { postgres: forProgram(postgres), dynamodb: forProgram(dynamodb) },
      text: [heading('PostgreSQL'), renderPostgres(postgres), '', heading('DynamoDB'), renderDynamo(dynamodb)].join(
        '\n',
      ),
    }
  },
})

function codeOf(stores: readonly (Drift | DynamoDrift | Unknown)[]): number {
  const isFound = (store: (typeof stores)[number]): boolean =>
    ('differences' in store && store.differences.length > 0) || ('unused' in store && store.unused.length > 0)
  if (stores.some(isFound)) return exitCode.findings
  return stores.some((store) => 'unknown' in store) ? exitCode.failed : exitCode.clean
}

const orUnknown = <T>(work: Promise<T>): Promise<T | Unknown> =>
  work.catch((error: unknown) => {
    if (error instanceof InterruptedError) throw error
    return { unknown: errorFacts(error), shown: describeError(error) }
  })

const forProgram = (drift: object): object => ('unknown' in drift ? { unknown: drift.unknown } : drift)

function renderPostgres(drift: Drift | Unknown): string {
  if ('unknown' in drift) return drift.shown
  const { applied, pending, differences, accepted, unused } = drift
  const behind = pending.length === 0 ? '' : ` (${pending.length} more are pending: \`miyabi prisma migrate deploy\`)`
  const sum = `compared with ${applied.length} migrations${behind}: ${differences.length === 0 ? 'no difference' : `${differences.length} differences`}`
  return [
    ...(differences.length === 0 ? [] : [renderCatalogDiff(differences)]),
    sum,
    ...accepted.map(({ kind, name, reason }) => `accepted: ${kind} ${name} (${reason})`),
    ...unused.map(
      ({ line, kind, name }) => `${ACCEPTED_FILE}, line ${line}: ${kind} ${name} no longer differs; remove the line`,
    ),
  ].join('\n')
}

function renderDynamo(drift: DynamoDrift | Unknown): string {
  if ('unknown' in drift) return drift.shown
  const { differences } = drift
  if (differences.length === 0) return 'no difference'
  const lines = differences.map(({ table, what, expected, found }) =>
    found === 'absent'
      ? `- ${table}, ${what}`
      : `~ ${table}, ${what}\n    expected\n      ${expected}\n    found\n      ${found}`,
  )
  return [...lines, `${differences.length} differences: \`miyabi tables plan\` shows how to fix them`].join('\n')
}
