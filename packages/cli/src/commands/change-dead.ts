import type { ScopedContext } from '@miyabi/db'
import { withDatabase } from '../environment/with-database.js'
import { exitCode } from '../terminal/exit-code.js'
import { command } from '../usage/command.js'
import * as value from '../usage/values.js'

/** A change of dead letters, by their ids. */
interface Change {
  readonly of: 'outbox' | 'streams'
  readonly name: string
  /** The text after the number of changed letters. */
  readonly done: string
  readonly more: string
  readonly work: (service: ScopedContext, ids: readonly string[] | 'all') => Promise<number>
}

/** Declares a command that changes one dead letter, or all. */
export function changeDeadLetters({ of, name, done, more, work }: Change) {
  return command({
    arguments: {
      id: { type: value.uuidOrAll, description: `A dead letter listed by \`miyabi ${of} dead\`, or all.` },
    },
    json: 'one object',
    examples: [
      [`miyabi ${of} ${name} 0193a1c2-7f00-7000-8000-000000000001`, 'Changes one of them.'],
      [`miyabi ${of} ${name} all`, 'Changes all of them.'],
    ],
    findings: 'There is no such dead letter',
    more,
    busy: 'changing dead letters',
    run({ args: { id } }) {
      return withDatabase(async (db) => {
        const count = await work(db.asService(), id === 'all' ? 'all' : [id])
        return { code: count > 0 ? exitCode.clean : exitCode.findings, json: { count }, text: `${count} ${done}.` }
      })
    },
  })
}
