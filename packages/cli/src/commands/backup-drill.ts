import type { Drilled } from '@miyabi/backup'
import { duration } from '../environment/stack-facts.js'
import { withRestore } from '../environment/with-restore.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { inColumns, print, progressLine, style } from '../terminal/output.js'
import { restoreLine } from './backup-render.js'

export const drillCommand = command({
  name: 'backup drill',
  purpose:
    'Restores a backup into a temporary stack, compares everything with what was backed up, and notes in the store what was found. Ends with 2 when something differs.',
  options: {
    id: {
      type: 'string',
      valueHint: 'ID',
      description: 'Of a backup, as `miyabi backup list` has it. Default: the last.',
    },
    create: { type: 'boolean', description: 'Make a backup first, and try that.' },
    plain: { type: 'boolean', description: 'Take a backup that is not encrypted although there is a key.' },
    json: { type: 'boolean', description: 'Print one JSON object.' },
  },
  examples: [
    ['miyabi backup drill', 'tries the last backup; once a week, by a timer'],
    ['miyabi backup drill --create', 'makes one and tries it'],
    ['miyabi --silent backup drill --json', 'for a program'],
  ],
  run({ args }) {
    return withRestore('backup drill', async ({ place, target, key, signal, env }) => {
      const { createBackup, drillBackup, recordDrill, resolveBackup } = await import('@miyabi/backup')
      using line = progressLine(args.json ? undefined : process.stderr)
      const create = async (): Promise<string> => {
        const { parseDynamoSettings } = await import('@miyabi/dynamo')
        line.show('making a backup ...')
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
        plain: Boolean(args.plain),
        migrations: place.migrations,
        onProgress: (progress) => line.show(restoreLine(progress)),
      })
      await recordDrill(place.database, drilled)
      line.show('')
      print(args.json ? JSON.stringify(drilled, undefined, 2) : report(drilled))
      return drilled.equal ? exitCode.clean : exitCode.findings
    })
  },
})

function report(drilled: Drilled): string {
  const { backup, cut, equal, differences, lossMs, durationMs, tables, rows, items, expired, indexes, heaps } = drilled
  return [
    inColumns([
      ['backup', `${backup}, both stores as of ${cut}`],
      [
        'compared',
        `${tables} tables: ${rows} rows, ${items} items${expired > 0 ? `, and ${expired} that have expired since` : ''}`,
      ],
      [
        'checked',
        `constraints, row-level security, the storage of ${heaps} tables and ${indexes} indexes, the server's own among them`,
      ],
      ['loss (RPO)', `${duration(lossMs)}: what was written since the cut`],
      ['duration (RTO)', durationMs < 10_000 ? `${(durationMs / 1000).toFixed(1)} s` : duration(durationMs)],
    ]),
    ...differences.map((difference) => `  ${style('red', 'differs')}  ${difference}`),
    equal ? style('green', 'equal') : style('red', `${differences.length} differences`),
  ].join('\n')
}
