// A process of somebody who uses the stack: `node holder.mjs <folder>`. Says what it got, then waits to be told to
// close or killed.
import { createInterface } from 'node:readline'
import { acquireStack } from '../../dist/index.js'

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
const speak = (level) => (fields, message) => say({ level, message, fields })
const logger = { debug: speak('debug'), info: speak('info'), warn: speak('warn'), error: speak('error') }

try {
  const stack = await acquireStack({ folder: process.argv[2], logger })
  say({ descriptor: structuredClone(stack.descriptor) })
  createInterface({ input: process.stdin }).on('line', async (line) => {
    if (line === 'descriptor') return say({ descriptor: structuredClone(stack.descriptor) })
    await stack.close()
    say({ closed: true })
    process.exit(0)
  })
} catch (error) {
  say({ error: { code: error.code, message: error.message } })
  process.exit(1)
}
