import type { Released } from '@miyabi/local'
import { exitCode } from '../terminal/exit-code.js'
import { command } from '../usage/command.js'

export const down = command({
  details: 'The data is kept.',
  json: 'one object',
  examples: [['miyabi down', 'Reverts `miyabi up`.']],
  more: 'docs/DATABASE_SETUP_GUIDE.md',
  busy: 'stopping the embedded stack',
  async run() {
    const { releaseStack } = await import('@miyabi/local')
    const released = await releaseStack()
    return { code: exitCode.clean, json: released ?? { wasHeld: false, leases: 0 }, text: render(released) }
  },
})

function render(released: Released | undefined): string {
  if (released === undefined) return 'No embedded stack is up.'
  if (released.leases === 0) return 'The embedded stack has stopped. Its data is kept.'
  const users = released.leases === 1 ? '1 process still uses' : `${released.leases} processes still use`
  return `No longer kept up, but ${users} the embedded stack; it stops with the last one.`
}
