import { newMigration } from '@miyabi/migrate'
import { withMigrations } from '../environment/with-migrations.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print } from '../terminal/output.js'

export const newCommand = command({
  name: 'migrate new',
  purpose:
    'Writes a migration for what is new in the Prisma schema: migration.sql and its way back, down.sql, with room for SQL by hand. Applies nothing.',
  options: {
    name: { type: 'positional', description: 'What it does: small letters, digits, underscores.', required: true },
    single: {
      type: 'boolean',
      description:
        'For one statement by hand that cannot run in a transaction, such as VACUUM or REINDEX CONCURRENTLY.',
    },
    json: { type: 'boolean', description: 'Print one JSON object.' },
  },
  examples: [
    ['pnpm db:migrate new add_nickname', 'after prisma/schema was changed, or for SQL by hand'],
    ['pnpm db:migrate new reindex_users --single', 'for a statement that PostgreSQL refuses in a transaction'],
  ],
  run({ args }) {
    return withMigrations(async ({ project, signal }) => {
      const migrations = await newMigration({ project, name: args.name, single: Boolean(args.single), signal })
      if (args.json) print(JSON.stringify({ migrations }, undefined, 2))
      else {
        print(migrations.flatMap(({ files }) => files).join('\n'))
        print('Look them through, then `pnpm db:migrate verify`, and `pnpm prisma migrate dev` to apply them here.')
      }
      return exitCode.clean
    })
  },
})
