import { withDatabase } from '../environment/with-database.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print } from '../terminal/output.js'

export const outboxDead = command({
  name: 'outbox dead',
  purpose: 'Lists the newest 100 dead letters, without their payloads. Ends with 2 when there are any.',
  options: { json: { type: 'boolean', description: 'Print one JSON array.' } },
  examples: [
    ['miyabi outbox dead', 'a list for people'],
    ['miyabi outbox dead --json | jq -r ".[].id"', 'their ids'],
  ],
  run({ args }) {
    return withDatabase(async (db) => {
      const { deadLetters } = await import('@miyabi/db')
      const letters = await deadLetters(db.asService())
      if (args.json) print(JSON.stringify(letters, undefined, 2))
      else if (letters.length === 0) print('There are no dead letters.')
      for (const { id, topic, version, key, actor, attempts, error, diedAt } of args.json ? [] : letters) {
        print(
          `${id}  ${topic}@${version}  ${diedAt.toISOString()}  key ${key ?? '-'}  by ${actor}  ${attempts} attempts`,
        )
        print(`  ${error ?? 'no reason given'}`)
      }
      return letters.length > 0 ? exitCode.findings : exitCode.clean
    })
  },
})
