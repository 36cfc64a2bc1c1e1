import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print } from '../terminal/output.js'

export const down = command({
  name: 'down',
  purpose: 'Lets the embedded stack stop: at once, or with the last process that uses it. The data stay.',
  options: { json: { type: 'boolean', description: 'Print one JSON object.' } },
  examples: [['pnpm db:down', 'undo `pnpm db:up`']],
  async run({ args }) {
    const { releaseStack } = await import('@miyabi/local')
    const released = await releaseStack()
    if (args.json) print(JSON.stringify(released ?? { wasHeld: false, leases: 0 }, undefined, 2))
    else if (released === undefined) print('No embedded stack is up.')
    else if (released.leases === 0) print('The embedded stack has stopped. Its data stay.')
    else {
      const users = released.leases === 1 ? 'one process still uses' : `${released.leases} processes still use`
      print(`No longer kept up, but ${users} the embedded stack; it stops with the last one.`)
    }
    return exitCode.clean
  },
})
