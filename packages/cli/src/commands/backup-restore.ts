import type { Restored } from '@miyabi/backup'
import { withRestore } from '../environment/with-restore.js'
import { exitCode } from '../terminal/exit-code.js'
import { command } from '../usage/command.js'
import * as value from '../usage/values.js'
import { outboxLines, reportRestore } from './backup-render.js'

export const restoreCommand = command({
  details: 'No relay and no consumer of a stream works on the restored store until `miyabi backup resume`.',
  arguments: {
    id: { type: value.text('ID|latest'), description: 'A backup listed by `miyabi backup list`, or latest.' },
  },
  options: {
    'without-erasures': { type: 'flag', description: 'Does not repeat the erasures of users since the backup.' },
    plain: { type: 'flag', description: 'Accepts a backup that is not encrypted although there is a key.' },
  },
  json: 'one object',
  examples: [
    ['miyabi backup restore 20261130T120000000Z-1a2b3c4d', 'Restores into the stores that the environment names.'],
    [
      'DIRECT_DATABASE_URL=... DYNAMODB_TABLE_PREFIX=new- miyabi backup restore latest',
      'Restores into another database and other tables.',
    ],
  ],
  findings: 'Effects wait for a decision: `miyabi backup resume --outbox deliver`, or discard',
  more: 'docs/BACKUP.md',
  busy: 'restoring a backup',
  run({ args, progress }) {
    return withRestore('backup restore', async ({ place, target, key, signal, erase }) => {
      const { restoreBackup, resolveBackup } = await import('@miyabi/backup')
      const restored = await restoreBackup({
        ...place,
        target,
        key,
        signal,
        backup: await resolveBackup(target, args.id, { key }),
        plain: args.plain,
        erase: args['without-erasures'] ? 'without' : erase,
        onProgress: reportRestore(progress),
      })
      const code = restored.outbox.length > 0 ? exitCode.findings : exitCode.clean
      return { code, json: restored, text: render(restored) }
    })
  },
})

function render({ backup, rows, items, expired, told, cut, migrated, outbox }: Restored): string {
  return [
    `Restored ${backup}, both stores as of ${cut}: ${rows} rows, ${items} items.`,
    ...(expired > 0 ? [`${expired} items of the backup have expired since, and were left out.`] : []),
    ...(told > 0
      ? [`${told} items reach the consumers of streams again: a consumer had not counted them at the cut.`]
      : []),
    ...(migrated.length > 0 ? [`Migrations applied: ${migrated.join(', ')}.`] : []),
    ...outboxLines(outbox),
    'No relay and no consumer of a stream works on it until `miyabi backup resume`.',
  ].join('\n')
}
