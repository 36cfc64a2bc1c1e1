import { defined } from '@miyabi/core'
import { size } from '../environment/stack-facts.js'
import { withBackups } from '../environment/with-backups.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print } from '../terminal/output.js'
import { countOf, durationOf } from '../terminal/quantities.js'

const NAME = 'backup prune'

export const backupPrune = command({
  name: NAME,
  purpose:
    'Removes old backups, and what is left of those that never came to their end. The newest one that is whole always stays, and so does the list of erasures.',
  options: {
    keep: { type: 'string', description: 'Younger ones stay, such as 7d.' },
    last: { type: 'string', description: 'So many of the newest stay.' },
    leftovers: {
      type: 'string',
      default: '1d',
      description: 'What has no manifest, and was not written to for so long, is left over.',
    },
    'dry-run': { type: 'boolean', description: 'Only say what would be removed.' },
    json: { type: 'boolean', description: 'Print one JSON array.' },
  },
  examples: [
    ['pnpm db:backup prune --keep 30d --last 7', 'a month of them, and never fewer than seven'],
    ['pnpm db:backup prune --last 3 --dry-run', 'what would go'],
    ['pnpm db:backup prune', 'leftovers alone'],
  ],
  run({ args }) {
    const { keep, last } = args
    const options = {
      ...defined({
        keepMs: keep === undefined ? undefined : durationOf('keep', keep, NAME),
        last: last === undefined ? undefined : countOf('last', last, NAME),
      }),
      leftoversAfterMs: durationOf('leftovers', args.leftovers, NAME),
      dryRun: Boolean(args['dry-run']),
    }
    return withBackups(async ({ target, key }) => {
      const { pruneBackups } = await import('@miyabi/backup')
      const pruned = await pruneBackups(target, { ...options, key })
      if (args.json) print(JSON.stringify(pruned, undefined, 2))
      else if (pruned.length === 0) print('Nothing to remove.')
      for (const { id, why, bytes } of args.json ? [] : pruned) {
        print(`${options.dryRun ? 'would remove' : 'removed'} ${id}  ${why}  ${size(bytes)}`)
      }
      return exitCode.clean
    })
  },
})
