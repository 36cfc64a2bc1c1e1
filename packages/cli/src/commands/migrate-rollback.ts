import { defined } from '@miyabi/core'
import { MigrationError, type MigrationErrorCode, rollback } from '@miyabi/migrate'
import { withMigrations } from '../environment/with-migrations.js'
import { command } from '../terminal/command.js'
import { describeError } from '../terminal/describe-error.js'
import { exitCode } from '../terminal/exit-code.js'
import { print, say } from '../terminal/output.js'

export const rollbackCommand = command({
  name: 'migrate rollback',
  purpose:
    'Undoes the last migration with its down.sql, in one transaction with the note in the history. Afterwards it is pending again. Ends with 2 when something is in the way, with nothing changed.',
  options: {
    to: { type: 'string', description: 'Undo all that were applied after this one.', valueHint: 'NAME' },
    'accept-data-loss': { type: 'boolean', description: 'Go on although rows or values are destroyed.' },
    'skip-proof': {
      type: 'boolean',
      description: 'Do not try the down files on a database of their own first, for a login that may not create one.',
    },
    json: { type: 'boolean', description: 'Print one JSON object.' },
  },
  examples: [
    ['pnpm db:migrate rollback', 'undo the last migration, if nothing is lost with it'],
    ['pnpm db:migrate rollback --to 20261122000000_init', 'undo all after that one'],
    ['pnpm db:migrate rollback --accept-data-loss', 'after it has told what would be lost'],
  ],
  run({ args }) {
    return withMigrations(async ({ databaseUrl, migrations, signal }) => {
      const names: string[] = []
      try {
        const undone = await rollback({
          databaseUrl,
          migrations,
          signal,
          ...defined({ to: args.to }),
          acceptDataLoss: Boolean(args['accept-data-loss']),
          skipProof: Boolean(args['skip-proof']),
          onProgress: (text) => say(`${text} ...`),
          onUndone: ({ name }) => names.push(name),
        })
        if (args.json) print(JSON.stringify({ undone }, undefined, 2))
        else if (undone.length === 0) print('Nothing to undo: that is the last migration.')
        else print(undone.map(({ name, ms }) => `${name} is undone (${ms} ms)`).join('\n'))
        return exitCode.clean
      } catch (error) {
        if (!(error instanceof MigrationError)) throw error
        const { code, message, details } = error
        if (args.json) print(JSON.stringify({ undone: names, refused: { code, message, details } }, undefined, 2))
        else if (names.length > 0) print(`Undone before that: ${names.join(', ')}`)
        say(describeError(error))
        return COULD_NOT_TELL.has(error.code) ? exitCode.failed : exitCode.findings
      }
    })
  },
})

/** Reasons that say nothing about the migrations. */
const COULD_NOT_TELL: ReadonlySet<MigrationErrorCode> = new Set([
  'migrate.busy',
  'migrate.scratch_denied',
  'migrate.connection_lost',
  'migrate.outcome_unknown',
])
