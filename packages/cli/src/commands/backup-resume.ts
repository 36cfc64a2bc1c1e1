import { withRestore } from '../environment/with-restore.js'
import { command, UsageError } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print } from '../terminal/output.js'
import { outboxLines } from './backup-render.js'

export const resumeCommand = command({
  name: 'backup resume',
  purpose: 'Lets relays and consumers of streams work on a restored store.',
  options: {
    outbox: {
      type: 'string',
      valueHint: 'deliver|discard',
      description: 'What becomes of the effects that waited at the cut. Required where there are any.',
    },
    'without-erasures': { type: 'boolean', description: 'Do not erase again who was erased since.' },
    json: { type: 'boolean', description: 'Print one JSON object.' },
  },
  examples: [
    ['miyabi backup resume', 'where nothing waited at the cut'],
    ['miyabi backup resume --outbox deliver', 'carries out what waited, under the same ids'],
    ['miyabi backup resume --outbox discard', 'leaves it undone'],
  ],
  run({ args }) {
    const { outbox } = args
    if (outbox !== undefined && outbox !== 'deliver' && outbox !== 'discard') {
      throw new UsageError('`miyabi backup resume --outbox` wants deliver or discard', 'backup resume')
    }
    return withRestore('backup resume', async ({ place, target, signal, erase }) => {
      const { readErasureMarks, resumeStore } = await import('@miyabi/backup')
      const resumed = await resumeStore({
        ...place,
        outbox,
        signal,
        erase: args['without-erasures'] ? 'without' : async () => erase(await readErasureMarks(target)),
      })
      if (args.json) print(JSON.stringify(resumed, undefined, 2))
      else {
        const { backups, outboxIs } = resumed
        const done = { delivered: 'They are carried out now.', discarded: 'They are discarded.', empty: '' }[outboxIs]
        print(
          [...outboxLines(resumed.outbox), done, `Resumed: ${backups.join(', ')}. Relays and consumers go on.`]
            .filter(Boolean)
            .join('\n'),
        )
      }
      return exitCode.clean
    })
  },
})
