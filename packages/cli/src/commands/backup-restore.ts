import { withRestore } from '../environment/with-restore.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print, progressLine } from '../terminal/output.js'
import { outboxLines, restoreLine } from './backup-render.js'

export const restoreCommand = command({
  name: 'backup restore',
  purpose:
    'Restores a backup of both stores into an empty stack, which it migrates itself. No relay and no consumer of a stream works on it until `miyabi backup resume`. Ends with 2 when something waits for a decision.',
  options: {
    id: {
      type: 'positional',
      required: true,
      description: 'Of a backup, as `miyabi backup list` has it; or `latest`.',
    },
    'without-erasures': { type: 'boolean', description: 'Do not erase again who was erased since.' },
    plain: { type: 'boolean', description: 'Take a backup that is not encrypted although there is a key.' },
    json: { type: 'boolean', description: 'Print one JSON object.' },
  },
  examples: [
    ['miyabi backup restore 20261130T120000000Z-1a2b3c4d', 'into the stores that the environment names'],
    ['DIRECT_DATABASE_URL=... DYNAMODB_TABLE_PREFIX=new- miyabi backup restore latest', 'beside what is there'],
  ],
  run({ args }) {
    return withRestore('backup restore', async ({ place, target, key, signal, erase }) => {
      const { restoreBackup, resolveBackup } = await import('@miyabi/backup')
      using line = progressLine(args.json ? undefined : process.stderr)
      const restored = await restoreBackup({
        ...place,
        target,
        key,
        signal,
        backup: await resolveBackup(target, args.id, { key }),
        plain: Boolean(args.plain),
        erase: args['without-erasures'] ? 'without' : erase,
        onProgress: (progress) => line.show(restoreLine(progress)),
      })
      line.show('')
      if (args.json) print(JSON.stringify(restored, undefined, 2))
      else {
        const { rows, items, expired, told, cut, migrated, outbox } = restored
        print(
          [
            `Restored ${restored.backup}, both stores as of ${cut}: ${rows} rows, ${items} items`,
            ...(expired > 0 ? [`${expired} items of the backup have expired since, and were left out.`] : []),
            ...(told > 0
              ? [`${told} items come to the consumers of streams again: one had not counted them at the cut.`]
              : []),
            ...(migrated.length > 0 ? [`Migrated up: ${migrated.join(', ')}.`] : []),
            ...outboxLines(outbox),
            'No relay and no consumer of a stream works on it until `miyabi backup resume`.',
          ].join('\n'),
        )
      }
      return restored.outbox.length > 0 ? exitCode.findings : exitCode.clean
    })
  },
})
