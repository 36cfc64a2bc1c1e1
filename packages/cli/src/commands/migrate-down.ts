import { renderCatalogDiff, writeDown } from '@miyabi/migrate'
import { withMigrations } from '../environment/with-migrations.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print } from '../terminal/output.js'

export const downCommand = command({
  name: 'migrate down',
  purpose:
    'Writes down.sql for a migration that has none, as one of `prisma migrate dev`. Undoes nothing: that is `rollback`. Ends with 2 when something is left to be written by hand.',
  options: {
    name: { type: 'positional', description: 'The migration, by the name of its folder.', required: true },
    json: { type: 'boolean', description: 'Print one JSON object.' },
  },
  examples: [['pnpm db:migrate down 20261201101500_add_nickname', 'then `pnpm db:migrate verify`']],
  run({ args }) {
    return withMigrations(
      async ({ project, databaseUrl, signal }) => {
        const { file, differences } = await writeDown({ project, databaseUrl, name: args.name, signal })
        if (args.json) print(JSON.stringify({ file, differences }, undefined, 2))
        else {
          print(file)
          if (differences.length > 0) {
            print(
              `It does not restore, and has as comments (- is missing, + is left over):\n${renderCatalogDiff(differences)}`,
            )
          }
        }
        return differences.length > 0 ? exitCode.findings : exitCode.clean
      },
      { writes: true },
    )
  },
})
