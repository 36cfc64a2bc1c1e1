import { defined } from '@miyabi/core'
import { MigrationError, type MigrationErrorCode, rollback } from '@miyabi/migrate'
import { withMigrations } from '../environment/with-migrations.js'
import { describeError } from '../terminal/describe-error.js'
import { errorFacts } from '../terminal/error-facts.js'
import { exitCode } from '../terminal/exit-code.js'
import { say } from '../terminal/output.js'
import { command } from '../usage/command.js'
import * as value from '../usage/values.js'

export const rollbackCommand = command({
  details: 'The history is updated in the same transaction. Afterwards the migration is pending again.',
  options: {
    to: { type: value.text('NAME'), description: 'Rolls back every migration that was applied after this one.' },
    'accept-data-loss': { type: 'flag', description: 'Continues even if rows or values are destroyed.' },
    'skip-proof': {
      type: 'flag',
      description: 'Skips the trial of the down files in a scratch database, for a login that may not create one.',
    },
  },
  json: 'one object (on a refusal with `undone` and `error`)',
  examples: [
    ['miyabi migrate rollback', 'Rolls back the last migration, if no data is lost.'],
    ['miyabi migrate rollback --to 20261122000000_init', 'Rolls back all after that one.'],
    ['miyabi migrate rollback --accept-data-loss', 'After it has reported what would be lost.'],
  ],
  findings: 'The rollback was refused; nothing of that migration has changed',
  more: 'docs/MIGRATIONS.md',
  busy: 'reading the history of the migrations',
  run({ args }) {
    return withMigrations(async ({ databaseUrl, migrations, signal }) => {
      const names: string[] = []
      try {
        const undone = await rollback({
          databaseUrl,
          migrations,
          signal,
          ...defined({ to: args.to }),
          acceptDataLoss: args['accept-data-loss'],
          skipProof: args['skip-proof'],
          onProgress: (text) => say(`${text} ...`),
          onUndone: ({ name }) => names.push(name),
        })
        const lines = undone.map(({ name, ms }) => `${name} is rolled back (${ms} ms)`)
        const text = lines.join('\n') || 'Nothing to roll back: that is the last migration.'
        return { code: exitCode.clean, json: { undone }, text }
      } catch (error) {
        if (!(error instanceof MigrationError)) throw error
        say(describeError(error))
        return {
          code: COULD_NOT_TELL.has(error.code) ? exitCode.failed : exitCode.findings,
          json: { undone: names, error: errorFacts(error) },
          text: names.length > 0 ? `Rolled back before that: ${names.join(', ')}` : undefined,
        }
      }
    })
  },
})

/** Codes of failures that are not caused by the migrations. */
const COULD_NOT_TELL: ReadonlySet<MigrationErrorCode> = new Set([
  'migrate.busy',
  'migrate.scratch_denied',
  'migrate.connection_lost',
  'migrate.outcome_unknown',
])
