import type { ScopedContext } from '@miyabi/db'
import { withDatabase } from '../environment/with-database.js'
import { command, UsageError } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print } from '../terminal/output.js'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** What is done to dead letters, by their ids. */
interface Change {
  readonly of: 'outbox' | 'streams'
  readonly name: string
  readonly purpose: string
  readonly done: string
  readonly work: (service: ScopedContext, ids: readonly string[] | 'all') => Promise<number>
}

/** Declares a command that changes one dead letter, or all. */
export function changeDeadLetters({ of, name, purpose, done, work }: Change) {
  return command({
    name: `${of} ${name}`,
    purpose,
    options: {
      id: {
        type: 'positional',
        required: true,
        description: `Of a dead letter, as \`miyabi ${of} dead\` lists it; or \`all\`.`,
      },
      json: { type: 'boolean', description: 'Print one JSON object.' },
    },
    examples: [
      [`miyabi ${of} ${name} 0193a1c2-7f00-7000-8000-000000000001`, 'one of them'],
      [`miyabi ${of} ${name} all`, 'every one'],
    ],
    run({ args }) {
      if (args.id !== 'all' && !UUID.test(args.id)) {
        throw new UsageError(`\`miyabi ${of} ${name}\` wants a UUID or \`all\``, `${of} ${name}`)
      }
      return withDatabase(async (db) => {
        const count = await work(db.asService(), args.id === 'all' ? 'all' : [args.id])
        print(args.json ? JSON.stringify({ count }) : `${count} ${done}.`)
        return count > 0 ? exitCode.clean : exitCode.findings
      })
    },
  })
}
