import { withDatabase } from '../environment/with-database.js'
import { exitCode } from '../terminal/exit-code.js'
import { resultWidth } from '../terminal/output.js'
import { table } from '../terminal/table.js'
import { command } from '../usage/command.js'

export const outboxDead = command({
  json: 'one array',
  examples: [
    ['miyabi outbox dead', 'Prints a table.'],
    ['miyabi outbox dead --json | jq -r ".[].id"', 'Prints their ids.'],
  ],
  findings: 'There are dead letters',
  more: 'docs/OUTBOX.md',
  busy: 'reading the dead letters',
  run() {
    return withDatabase(async (db) => {
      const { deadLetters } = await import('@miyabi/db')
      const letters = await deadLetters(db.asService())
      const rows = letters.map(({ id, topic, version, key, actor, attempts, error, diedAt }) => ({
        cells: [id, `${topic}@${version}`, diedAt.toISOString(), key ?? '-', actor, String(attempts)],
        below: [error ?? 'no reason recorded'],
      }))
      return {
        code: letters.length > 0 ? exitCode.findings : exitCode.clean,
        json: letters,
        text: letters.length > 0 ? table(COLUMNS, rows, resultWidth()) : 'There are no dead letters.',
      }
    })
  },
})

const COLUMNS = ['id', 'topic', 'dead since', 'key', 'actor', 'attempts'].map((title) => ({ title }))
