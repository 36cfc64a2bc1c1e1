import { renderCatalogDiff, writeDown } from '@miyabi/migrate'
import { withMigrations } from '../environment/with-migrations.js'
import { exitCode } from '../terminal/exit-code.js'
import { command } from '../usage/command.js'
import * as value from '../usage/values.js'

export const downCommand = command({
  details: 'For migrations written by `prisma migrate dev`. Does not roll back: use `miyabi migrate rollback`.',
  arguments: { name: { type: value.text('MIGRATION'), description: 'The name of the folder of the migration.' } },
  json: 'one object',
  examples: [['miyabi migrate down 20261201101500_add_nickname', 'Then run `miyabi migrate verify`.']],
  findings: 'Something is left to write manually',
  more: 'docs/MIGRATIONS.md',
  busy: 'writing down.sql in scratch databases',
  run({ args }) {
    return withMigrations(
      async ({ project, databaseUrl, signal }) => {
        const { file, differences } = await writeDown({ project, databaseUrl, name: args.name, signal })
        const left = `It does not restore the following, which it lists as comments (- is missing, + is left over):\n${renderCatalogDiff(differences)}`
        return {
          code: differences.length > 0 ? exitCode.findings : exitCode.clean,
          json: { file, differences },
          text: differences.length > 0 ? `${file}\n${left}` : file,
        }
      },
      { writes: true },
    )
  },
})
