import type { CreateProgress, Manifest } from '@miyabi/backup'
import { defined } from '@miyabi/core'
import { migrationDatabaseUrl, NoDatabaseError } from '@miyabi/migrate'
import { environmentWithStack } from '../environment/environment.js'
import { duration, size } from '../environment/stack-facts.js'
import { withBackups } from '../environment/with-backups.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print, progressLine, say } from '../terminal/output.js'
import { countOf, durationOf, rateOf } from '../terminal/quantities.js'

const NAME = 'backup create'

export const backupCreate = command({
  name: NAME,
  purpose:
    'Writes a backup of PostgreSQL and DynamoDB at one cut, while they are in use. It is one when this ends with 0; what fails or is interrupted leaves none.',
  options: {
    rate: { type: 'string', description: 'So much is read a second at most, such as 20MB/s. Default: no limit.' },
    'clock-skew': {
      type: 'string',
      default: '1s',
      description: "How far the clocks of DynamoDB's writers may be apart from PostgreSQL's.",
    },
    'write-timeout': {
      type: 'string',
      description: 'How long a write to DynamoDB may be on its way. Default: DYNAMODB_TIMEOUT and one attempt more.',
    },
    connections: { type: 'string', default: '2', description: 'Connections to PostgreSQL that read.' },
    plain: { type: 'boolean', description: 'Write into S3 without encryption, where there is no key.' },
    json: { type: 'boolean', description: 'Print the manifest as one JSON object.' },
  },
  examples: [
    ['pnpm db:backup create', 'of the embedded stack, or of what the environment names'],
    ['pnpm db:backup create --rate 20MB/s', 'beside a busy application'],
    ['pnpm --silent db:backup create --json | jq -r .id', 'in a job'],
  ],
  run({ args }) {
    const { rate, connections } = args
    const given = {
      ...defined({
        bytesPerSecond: rate === undefined ? undefined : rateOf('rate', rate, NAME),
        writeTimeoutMs:
          args['write-timeout'] === undefined ? undefined : durationOf('write-timeout', args['write-timeout'], NAME),
      }),
      clockSkewMs: durationOf('clock-skew', args['clock-skew'], NAME),
      connections: countOf('connections', connections, NAME),
      plain: Boolean(args.plain),
    }
    return withBackups(async ({ environment, target, key, signal }) => {
      const { createBackup } = await import('@miyabi/backup')
      const { parseDynamoSettings } = await import('@miyabi/dynamo')
      await using stacked = await environmentWithStack(environment)
      const database = migrationDatabaseUrl(stacked.root, stacked.env)
      if (database === undefined) throw new NoDatabaseError(NAME, stacked.env)
      if (stacked.usesStack) say("of the embedded stack's stores")
      using progress = progressLine(process.stderr)
      const beganAt = performance.now()
      const manifest = await createBackup({
        ...given,
        database,
        dynamodb: parseDynamoSettings(stacked.env),
        target,
        key,
        signal,
        onProgress: shown((text) => progress.show(text)),
      })
      print(args.json ? JSON.stringify(manifest, undefined, 2) : summary(manifest, performance.now() - beganAt))
      return exitCode.clean
    })
  },
})

/** What is shown on the way, not more often than somebody reads it. */
function shown(show: (text: string) => void): (progress: CreateProgress) => void {
  const total = { rows: 0, bytes: 0 }
  let shownAt = 0
  return (progress) => {
    if (progress.step === 'begun') show(`backup ${progress.id}`)
    if (progress.step === 'finishing') show('finishing')
    if (progress.step !== 'reading') return
    total.rows += progress.rows
    total.bytes += progress.bytes
    if (performance.now() - shownAt < 200) return
    shownAt = performance.now()
    show(`${progress.table}: ${total.rows} rows and items, ${size(total.bytes)} in all`)
  }
}

function summary({ id, cut, postgres, dynamodb, files, encryption, outboxRows }: Manifest, ms: number): string {
  const rows = postgres.tables.reduce((sum, table) => sum + table.rows, 0)
  const items = dynamodb.tables.reduce((sum, table) => sum + table.items, 0)
  const lifted = dynamodb.tables.reduce((sum, table) => sum + table.withoutWrittenAt, 0)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return [
    `backup ${id}, of ${cut.at}`,
    `${rows} rows of ${postgres.tables.length} tables, ${items} items of ${dynamodb.tables.length}: ${size(bytes)} in ${files.length} files, ${encryption === 'none' ? 'not encrypted' : encryption}, ${duration(ms)}`,
    ...(outboxRows > 0 ? [`${outboxRows} effects wait in its outbox`] : []),
    ...(lifted > 0 ? [`${lifted} items do not say when they were written, and count as of the time they have`] : []),
  ].join('\n')
}
