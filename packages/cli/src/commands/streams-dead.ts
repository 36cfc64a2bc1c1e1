import { withDatabase } from '../environment/with-database.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print } from '../terminal/output.js'

export const streamsDead = command({
  name: 'streams dead',
  purpose: 'Lists the newest 100 records that consumers could not handle, without their items. Ends with 2 for any.',
  options: { json: { type: 'boolean', description: 'Print one JSON array.' } },
  examples: [
    ['miyabi streams dead', 'a list for people'],
    ['miyabi streams dead --json | jq -r ".[].id"', 'their ids'],
  ],
  run({ args }) {
    return withDatabase(async (db) => {
      const { streamDeadLetters } = await import('@miyabi/db')
      const letters = await streamDeadLetters(db.asService())
      if (args.json) print(JSON.stringify(letters, undefined, 2))
      else if (letters.length === 0) print('There are no dead letters.')
      for (const { id, consumer, shard, sequence, code, message, diedAt, retryAt } of args.json ? [] : letters) {
        const waits = retryAt ? `  to be tried again since ${retryAt.toISOString()}` : ''
        print(`${id}  ${consumer}  ${diedAt.toISOString()}  ${shard} ${sequence}${waits}`)
        print(`  ${code}: ${message}`)
      }
      return letters.length > 0 ? exitCode.findings : exitCode.clean
    })
  },
})
