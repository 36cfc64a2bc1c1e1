import { defined } from '@miyabi/core'
import { size } from '../environment/stack-facts.js'
import { withBackups } from '../environment/with-backups.js'
import { exitCode } from '../terminal/exit-code.js'
import { command } from '../usage/command.js'
import * as value from '../usage/values.js'

export const backupPrune = command({
  details: 'Always keeps the newest whole backup and the list of erasures.',
  options: {
    keep: { type: value.duration, description: 'Keeps backups that are younger, such as 7d.' },
    last: { type: value.wholeNumber(), description: 'Keeps this many of the newest backups.' },
    leftovers: {
      type: value.duration,
      default: '1d',
      description: 'Removes incomplete backups that were not written to for this long.',
    },
    'dry-run': { type: 'flag', description: 'Shows what would be removed, and removes nothing.' },
  },
  json: 'one array',
  examples: [
    ['miyabi backup prune --keep 30d --last 7', 'Keeps backups of the last 30 days, and at least seven.'],
    ['miyabi backup prune --last 3 --dry-run', 'Shows what would be removed.'],
    ['miyabi backup prune', 'Removes leftovers only.'],
  ],
  more: 'docs/BACKUP.md',
  busy: 'removing old backups',
  run({ args }) {
    const options = {
      ...defined({ keepMs: args.keep, last: args.last }),
      leftoversAfterMs: args.leftovers,
      dryRun: args['dry-run'],
    }
    return withBackups(async ({ target, key }) => {
      const { pruneBackups } = await import('@miyabi/backup')
      const pruned = await pruneBackups(target, { ...options, key })
      const verb = options.dryRun ? 'would remove' : 'removed'
      const lines = pruned.map(({ id, why, bytes }) => `${verb} ${id}  ${why}  ${size(bytes)}`)
      return { code: exitCode.clean, json: pruned, text: lines.join('\n') || 'Nothing to remove.' }
    })
  },
})
