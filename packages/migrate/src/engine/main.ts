import { toConnectError } from '../connection/connect-error.js'
import { parseTarget, type Target } from '../connection/target.js'
import { wasmEngineVersion } from '../internals/schema-engine.js'
import { Run } from '../script/run.js'
import { type Arguments, parseArguments } from './arguments.js'
import { Connections } from './connections.js'
import { LazyEngine } from './engine.js'
import { writeLog } from './log.js'
import { runCliCommand } from './one-shot.js'
import { type Message, panicError, RpcServer } from './rpc.js'
import { stopOnSignals } from './stop.js'

/** Exit codes that the CLI distinguishes: success, a reported error, a panic. */
const OK = 0
const FAILED = 1
const PANICKED = 101

async function main(args: Arguments): Promise<number> {
  switch (args.command.kind) {
    case 'version':
      process.stdout.write(`schema-engine-cli ${wasmEngineVersion().split('.').at(-1)}\n`)
      return OK
    case 'cli':
      return await oneShot(args.command.name, args.url ?? '')
    case 'rpc':
      return await serve(args)
  }
}

async function oneShot(command: Parameters<typeof runCliCommand>[0], url: string): Promise<number> {
  writeLog('INFO', { message: 'Starting schema engine CLI' }) // the CLI drops the first line
  let target: Target | undefined
  try {
    target = parseTarget(url)
    writeLog('INFO', { message: await runCliCommand(command, target) })
    return OK
  } catch (error) {
    const { message, details } = toConnectError(error, target ?? { host: '', port: 0, database: '', user: '' })
    writeLog('ERROR', { message, error_code: details.prismaCode, is_panic: false, ...details.meta })
    return FAILED
  }
}

async function serve(args: Arguments): Promise<number> {
  const run = new Run()
  const connections = new Connections(args.url, args.shadowDatabaseUrl, run)
  const debug = /debug|trace/.test(process.env.RUST_LOG ?? '')
  const engine = new LazyEngine(args.datamodels, connections, (line) => {
    if (debug) process.stderr.write(`${line}\n`)
  })
  const server = new RpcServer(engine, run, send)
  stopOnSignals(server, run, connections.shadows)
  process.on('uncaughtException', (error) => {
    // Never exit without a response: the CLI would report nothing and exit with 0.
    writeLog('ERROR', { message: error.message, is_panic: true, backtrace: error.stack })
    send({ id: server.underWay?.id ?? null, error: panicError(error.message, error.stack) })
    void connections.shadows.dropAll().finally(() => process.exit(PANICKED))
  })
  await server.serve(process.stdin)
  await connections.shadows.dropAll()
  return run.interruptedBy ? FAILED : OK
}

function send(message: Message): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
}

// A CLI that was killed reads no response; the work in progress still completes.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})
// The CLI reads standard error as JSON lines, which Node's warnings are not.
process.removeAllListeners('warning')

try {
  process.exit(await main(parseArguments(process.argv.slice(2), process.env)))
} catch (error) {
  const { message, details } = toConnectError(error, { host: '', port: 0, database: '', user: '' })
  writeLog('ERROR', { message, error_code: details.prismaCode, is_panic: false })
  process.exit(FAILED)
}
