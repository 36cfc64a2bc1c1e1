import type { CreateProgress, Manifest } from '@miyabi/backup'
import { defined } from '@miyabi/core'
import { migrationDatabaseUrl, NoDatabaseError } from '@miyabi/migrate'
import { environmentWithStack } from '../environment/environment.js'
import { duration, size } from '../environment/stack-facts.js'
import { withBackups } from '../environment/with-backups.js'
import { exitCode } from '../terminal/exit-code.js'
import { say } from '../terminal/output.js'
import type { Progress } from '../terminal/progress.js'
import { command } from '../usage/command.js'
import * as value from '../usage/values.js'

export const backupCreate = command({
  details: 'The backup is complete when the command ends with 0. A command that fails or is interrupted leaves none.',
  options: {
    rate: { type: value.rate, description: 'Maximum read rate, such as 20MB/s. Default: no limit.' },
    'clock-skew': {
      type: value.duration,
      default: '1s',
      description: "Maximum difference between the clocks of DynamoDB's writers and PostgreSQL's.",
    },
    'write-timeout': {
      type: value.duration,
      description: 'How long a write to DynamoDB may be in flight. Default: DYNAMODB_TIMEOUT plus one attempt.',
    },
    connections: { type: value.wholeNumber(), default: '2', description: 'Connections that read from PostgreSQL.' },
    plain: { type: 'flag', description: 'Writes to S3 without encryption if there is no key.' },
  },
  json: 'the manifest',
  examples: [
    ['miyabi backup create', 'Backs up the embedded stack, or the stores that the environment names.'],
    ['miyabi backup create --rate 20MB/s', 'Limits the load on a busy application.'],
    ['miyabi backup create --json | jq -r .id', 'Prints the id in a job.'],
  ],
  more: 'docs/BACKUP.md',
  busy: 'creating a backup',
  run({ args, progress }) {
    const options = {
      ...defined({ bytesPerSecond: args.rate, writeTimeoutMs: args['write-timeout'] }),
      clockSkewMs: args['clock-skew'],
      connections: args.connections,
      plain: args.plain,
    }
    return withBackups(async ({ environment, target, key, signal }) => {
      const { createBackup } = await import('@miyabi/backup')
      const { parseDynamoSettings } = await import('@miyabi/dynamo')
      await using stacked = await environmentWithStack(environment)
      const database = migrationDatabaseUrl(stacked.root, stacked.env)
      if (database === undefined) throw new NoDatabaseError('backup create', stacked.env)
      if (stacked.usesStack) say('stores: embedded stack')
      const beganAt = performance.now()
      const manifest = await createBackup({
        ...options,
        database,
        dynamodb: parseDynamoSettings(stacked.env),
        target,
        key,
        signal,
        onProgress: report(progress),
      })
      return { code: exitCode.clean, json: manifest, text: summary(manifest, performance.now() - beganAt) }
    })
  },
})

function report(line: Progress): (progress: CreateProgress) => void {
  const total = { rows: 0, bytes: 0 }
  return (progress) => {
    if (progress.step === 'begun') line.step(`reading both stores into backup ${progress.id}`)
    if (progress.step === 'waiting') line.step('waiting for writes to DynamoDB that are in flight')
    if (progress.step === 'finishing') line.step('finishing the backup')
    if (progress.step !== 'reading') return
    total.rows += progress.rows
    total.bytes += progress.bytes
    line.detail(`${progress.table}, ${total.rows} rows and items so far, ${size(total.bytes)}`)
  }
}

function summary({ id, cut, postgres, dynamodb, files, encryption, outboxRows }: Manifest, ms: number): string {
  const rows = postgres.tables.reduce((sum, table) => sum + table.rows, 0)
  const items = dynamodb.tables.reduce((sum, table) => sum + table.items, 0)
  const undated = dynamodb.tables.reduce((sum, table) => sum + table.withoutWrittenAt, 0)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return [
    `Backup ${id}, both stores as of ${cut.at}.`,
    `${rows} rows of ${postgres.tables.length} tables and ${items} items of ${dynamodb.tables.length}: ${size(bytes)} in ${files.length} files, ${encryption === 'none' ? 'not encrypted' : encryption}, ${duration(ms)}.`,
    ...(outboxRows > 0 ? [`${outboxRows} effects wait in its outbox.`] : []),
    ...(undated > 0 ? [`${undated} items do not record when they were written; their own time counts instead.`] : []),
  ].join('\n')
}
