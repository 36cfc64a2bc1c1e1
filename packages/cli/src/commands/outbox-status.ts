import type { OutboxStatus } from '@miyabi/db'
import { withDatabase } from '../environment/with-database.js'
import { exitCode } from '../terminal/exit-code.js'
import { resultWidth } from '../terminal/output.js'
import { definitions } from '../terminal/table.js'
import { command } from '../usage/command.js'

export const outboxStatus = command({
  json: 'one object',
  examples: [
    ['miyabi outbox status', 'Prints a summary.'],
    ['miyabi outbox status --json | jq .dead', 'Prints the number of dead letters.'],
  ],
  findings: 'There are dead letters, or rows are due and no relay runs',
  more: 'docs/OUTBOX.md',
  busy: 'reading the outbox',
  run() {
    return withDatabase(async (db) => {
      const { outboxStatus: statusOf } = await import('@miyabi/db')
      const status = await statusOf(db.asService())
      const isFound = status.dead > 0 || (status.depth > status.later && status.relays === 0)
      return { code: isFound ? exitCode.findings : exitCode.clean, json: status, text: render(status) }
    })
  },
})

function render({ depth, later, lagMs, failing, dead, relays, unheld, topics }: OutboxStatus): string {
  const facts = definitions(
    [
      ['waiting', `${depth} (${failing} after a failure, ${later} for later)`],
      ['oldest', `due for ${lagMs} ms`],
      ['dead letters', String(dead)],
      ['relays', `${relays}${unheld > 0 ? `; ${unheld} of 16 partitions have none` : ''}`],
      ...topics.map(({ topic, version, depth: count }) => [`${topic}@${version}`, String(count)] as const),
    ],
    resultWidth(),
  )
  const next = '`miyabi outbox dead` lists the dead letters, `miyabi outbox retry all` queues them again.'
  return dead > 0 ? `${facts}\n${next}` : facts
}
