import { withDatabase } from '../environment/with-database.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { inColumns, print } from '../terminal/output.js'

export const outboxStatus = command({
  name: 'outbox status',
  purpose:
    'Tells what waits in the outbox, and who works on it. Ends with 2 when there are dead letters, or rows that are due and no relay.',
  options: { json: { type: 'boolean', description: 'Print one JSON object.' } },
  examples: [
    ['miyabi outbox status', 'a summary for people'],
    ['miyabi outbox status --json', 'the same for programs'],
  ],
  run({ args }) {
    return withDatabase(async (db) => {
      const { outboxStatus: look } = await import('@miyabi/db')
      const status = await look(db.asService())
      if (args.json) print(JSON.stringify(status, undefined, 2))
      else {
        const { depth, later, lagMs, failing, dead, relays, unheld, topics } = status
        print(
          inColumns([
            ['waiting', `${depth} (${failing} after a failure, ${later} for later)`],
            ['oldest', `due for ${lagMs} ms`],
            ['dead letters', String(dead)],
            ['relays', `${relays}${unheld > 0 ? `; ${unheld} of 16 partitions have none` : ''}`],
            ...topics.map(({ topic, version, depth: count }) => [`${topic}@${version}`, String(count)] as const),
          ]),
        )
        if (dead > 0)
          print('`miyabi outbox dead` lists the dead letters, `miyabi outbox retry` gives them another chance.')
      }
      return status.dead > 0 || (status.depth > status.later && status.relays === 0)
        ? exitCode.findings
        : exitCode.clean
    })
  },
})
