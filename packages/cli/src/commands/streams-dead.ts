import { withDatabase } from '../environment/with-database.js'
import { exitCode } from '../terminal/exit-code.js'
import { resultWidth } from '../terminal/output.js'
import { table } from '../terminal/table.js'
import { command } from '../usage/command.js'

export const streamsDead = command({
  json: 'one array',
  examples: [
    ['miyabi streams dead', 'Prints a table.'],
    ['miyabi streams dead --json | jq -r ".[].id"', 'Prints their ids.'],
  ],
  findings: 'There are dead letters',
  more: 'docs/STREAMS.md',
  busy: 'reading the dead letters',
  run() {
    return withDatabase(async (db) => {
      const { streamDeadLetters } = await import('@miyabi/db')
      const letters = await streamDeadLetters(db.asService())
      const rows = letters.map(({ id, consumer, shard, sequence, code, message, diedAt, retryAt }) => ({
        cells: [id, consumer, diedAt.toISOString(), shard, sequence, retryAt?.toISOString() ?? '-'],
        below: [`${code}: ${message}`],
      }))
      return {
        code: letters.length > 0 ? exitCode.findings : exitCode.clean,
        json: letters,
        text: letters.length > 0 ? table(COLUMNS, rows, resultWidth()) : 'There are no dead letters.',
      }
    })
  },
})

const COLUMNS = ['id', 'consumer', 'dead since', 'shard', 'sequence', 'retry queued'].map((title) => ({ title }))
