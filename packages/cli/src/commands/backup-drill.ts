import type { Drilled } from '@miyabi/backup'
import { duration } from '../environment/stack-facts.js'
import { withRestore } from '../environment/with-restore.js'
import { exitCode } from '../terminal/exit-code.js'
import { resultWidth } from '../terminal/output.js'
import { style } from '../terminal/style.js'
import { definitions } from '../terminal/table.js'
import { command } from '../usage/command.js'
import * as value from '../usage/values.js'
import { reportRestore } from './backup-render.js'

export const drillCommand = command({
  details: 'Records the result in the store that was backed up, where `miyabi doctor` and the metrics find it.',
  options: {
    id: { type: value.text('ID'), description: 'A backup listed by `miyabi backup list`. Default: the newest one.' },
    create: { type: 'flag', description: 'Creates a backup first, and tests that one.' },
    plain: { type: 'flag', description: 'Accepts a backup that is not encrypted although there is a key.' },
  },
  json: 'one object',
  examples: [
    ['miyabi backup drill', 'Tests the newest backup, once a week from a timer.'],
    ['miyabi backup drill --create', 'Creates one and tests it.'],
  ],
  findings: 'Something differs from what was backed up',
  more: 'docs/BACKUP.md',
  busy: 'testing a backup',
  run({ args, progress }) {
    return withRestore('backup drill', async ({ place, target, key, signal, env }) => {
      const { createBackup, drillBackup, recordDrill, resolveBackup } = await import('@miyabi/backup')
      const create = async (): Promise<string> => {
        const { parseDynamoSettings } = await import('@miyabi/dynamo')
        progress.step('creating a backup')
        const { database } = place
        const made = await createBackup({ database, dynamodb: parseDynamoSettings(env), target, key, signal })
        return made.id
      }
      const backup = args.create ? await create() : await resolveBackup(target, args.id ?? 'latest', { key })
      const drilled = await drillBackup({
        target,
        backup,
        key,
        signal,
        plain: args.plain,
        migrations: place.migrations,
        onProgress: reportRestore(progress),
      })
      await recordDrill(place.database, drilled)
      return { code: drilled.equal ? exitCode.clean : exitCode.findings, json: drilled, text: render(drilled) }
    })
  },
})

function render(drilled: Drilled): string {
  const { backup, cut, equal, differences, lossMs, durationMs, tables, rows, items, expired, indexes, heaps } = drilled
  return [
    definitions(
      [
        ['backup', `${backup}, both stores as of ${cut}`],
        [
          'compared',
          `${tables} tables: ${rows} rows, ${items} items${expired > 0 ? `, and ${expired} that have expired since` : ''}`,
        ],
        [
          'checked',
          `constraints, row-level security, the storage of ${heaps} tables and ${indexes} indexes, including the server's own`,
        ],
        ['loss (RPO)', `${duration(lossMs)}: what was written since the cut`],
        ['duration (RTO)', durationMs < 10_000 ? `${(durationMs / 1000).toFixed(1)} s` : duration(durationMs)],
      ],
      resultWidth(),
    ),
    ...differences.map((difference) => `  ${style('red', 'differs')}  ${difference}`),
    equal ? style('green', 'equal') : style('red', `${differences.length} differences`),
  ].join('\n')
}
