import { renderStack, stackFacts } from '../environment/stack-facts.js'
import { exitCode } from '../terminal/exit-code.js'
import { resultWidth } from '../terminal/output.js'
import { command } from '../usage/command.js'
import type { Outcome } from '../usage/declaration.js'

export const showPasswords = {
  type: 'flag',
  description: 'Prints the URLs with their passwords.',
} as const

export const status = command({
  details: 'Starts nothing.',
  options: {
    'show-passwords': showPasswords,
    'exit-code': { type: 'flag', description: 'Ends with 2 if no stack is up.' },
  },
  json: 'one object, whose `up` is true or false,',
  examples: [
    ['miyabi status', 'Prints a summary.'],
    ['miyabi status --show-passwords', 'Prints URLs to copy into another tool.'],
    ['miyabi status --json | jq -r .dynamodb.endpoint', 'Prints a URL for another program.'],
  ],
  findings: 'No stack is up, with --exit-code',
  more: 'docs/DATABASE_SETUP_GUIDE.md',
  busy: 'reading the state of the embedded stack',
  async run({ args }) {
    const outcome = await currentStatus({ showPasswords: args['show-passwords'] })
    return { ...outcome, code: outcome.isUp || !args['exit-code'] ? exitCode.clean : exitCode.findings }
  },
})

/** The state of the embedded stack, for people and programs. */
export async function currentStatus(options: {
  readonly showPasswords: boolean
}): Promise<Pick<Outcome, 'json' | 'text'> & { readonly isUp: boolean }> {
  const { stackStatus } = await import('@miyabi/local')
  const found = await stackStatus()
  if (!found.running) {
    const { folder } = found
    return {
      isUp: false,
      json: { up: false, folder },
      text: `No embedded stack is up in ${folder}. \`miyabi up\` starts it.`,
    }
  }
  const facts = stackFacts(found, options)
  return { isUp: true, json: facts, text: renderStack(facts, resultWidth()) }
}
