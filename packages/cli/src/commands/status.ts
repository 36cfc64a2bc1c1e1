import { renderStack, stackFacts } from '../environment/stack-facts.js'
import { command } from '../terminal/command.js'
import { exitCode } from '../terminal/exit-code.js'
import { print } from '../terminal/output.js'

export const status = command({
  name: 'status',
  purpose: 'Tells whether the embedded stack is up: ports, URLs, versions, sizes, who uses it. Starts nothing.',
  options: {
    json: { type: 'boolean', description: 'Print one JSON object; `up` in it is true or false.' },
    'show-passwords': { type: 'boolean', description: 'Print the URLs with their passwords.' },
    'exit-code': { type: 'boolean', description: 'End with 2 when no stack is up.' },
  },
  examples: [
    ['pnpm db:status', 'a summary for people'],
    ['pnpm db:status --show-passwords', 'URLs to copy into another tool'],
    ['pnpm db:status --exit-code || pnpm db:up', 'start it only where it is not up'],
  ],
  async run({ args }) {
    const { stackStatus } = await import('@miyabi/local')
    const found = await stackStatus()
    if (!found.running) {
      const { folder } = found
      if (args.json) print(JSON.stringify({ up: false, folder }, undefined, 2))
      else print(`No embedded stack is up in ${folder}. \`pnpm db:up\` starts it.`)
      return args['exit-code'] ? exitCode.findings : exitCode.clean
    }
    const facts = stackFacts(found, { showPasswords: Boolean(args['show-passwords']) })
    print(args.json ? JSON.stringify(facts, undefined, 2) : renderStack(facts))
    return exitCode.clean
  },
})
