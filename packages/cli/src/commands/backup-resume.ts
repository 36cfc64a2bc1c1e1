import { withRestore } from '../environment/with-restore.js'
import { exitCode } from '../terminal/exit-code.js'
import { command } from '../usage/command.js'
import * as value from '../usage/values.js'
import { outboxLines } from './backup-render.js'

const OUTBOX = { delivered: 'They are delivered now.', discarded: 'They are discarded.', empty: '' } as const

export const resumeCommand = command({
  options: {
    outbox: {
      type: value.oneOf('deliver', 'discard'),
      description: 'What to do with effects that were pending at the cut. Required if there are any.',
    },
    'without-erasures': { type: 'flag', description: 'Does not repeat the erasures of users since the backup.' },
  },
  json: 'one object',
  examples: [
    ['miyabi backup resume', 'If no effect was pending at the cut.'],
    ['miyabi backup resume --outbox deliver', 'Delivers the pending effects, with the same ids.'],
    ['miyabi backup resume --outbox discard', 'Deletes them.'],
  ],
  more: 'docs/BACKUP.md',
  busy: 'resuming the store',
  run({ args }) {
    return withRestore('backup resume', async ({ place, target, signal, erase }) => {
      const { readErasureMarks, resumeStore } = await import('@miyabi/backup')
      const resumed = await resumeStore({
        ...place,
        outbox: args.outbox,
        signal,
        erase: args['without-erasures'] ? 'without' : async () => erase(await readErasureMarks(target)),
      })
      const { backups, outbox, outboxIs } = resumed
      const done = `Resumed: ${backups.join(', ')}. Relays and consumers of streams continue.`
      const text = [...outboxLines(outbox), OUTBOX[outboxIs], done].filter(Boolean).join('\n')
      return { code: exitCode.clean, json: resumed, text }
    })
  },
})
