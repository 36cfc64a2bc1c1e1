import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { MiyabiError, sleep } from '@miyabi/core'
import { findDynamodbEngine } from '@miyabi/local'
import { workspaceRoot } from './servers.js'

const HOST = '127.0.0.1'

/** An embedded engine of a suite's own, which holds its tables in memory. */
export interface MemoryEngine extends AsyncDisposable {
  readonly endpoint: string
}

/** Tables to begin with. */
export interface ExportedTables {
  /** `<table>/data/*.json.gz` for each table. */
  readonly folder: string
  /** A file with the answers of DescribeTable. */
  readonly schema: string
}

/**
 * Starts an engine. The one of a stack keeps its tables in files, where a batch takes longer the more there is.
 * @param tables imported before it answers: some 20,000 items a second, where requests store 2,500.
 */
export async function startMemoryEngine(tables?: ExportedTables): Promise<MemoryEngine> {
  const engine = await findDynamodbEngine(workspaceRoot)
  if ('unavailable' in engine) throw new MiyabiError('benchmarks.no_dynamodb', engine.unavailable)
  const place = ['--host', HOST, '--port', String(await freePort())]
  const args = tables
    ? ['import', '--source', tables.folder, '--schema', tables.schema, '--serve', ...place]
    : ['serve', ...place]
  const [command = engine.file, ...rest] = [...dyingWithUs(), engine.file, ...args]
  const child = spawn(command, rest, { stdio: ['ignore', 'ignore', 'pipe'], windowsHide: true })
  const end = (): boolean => child.kill()
  process.once('exit', end)
  const exited = once(child, 'exit')
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000)
  })
  const endpoint = `http://${HOST}:${place.at(-1)}`
  while (!(await answers(endpoint))) {
    if (child.exitCode !== null) throw new MiyabiError('benchmarks.no_dynamodb', `the engine did not start:\n${said}`)
    await sleep(100)
  }
  return {
    endpoint,
    async [Symbol.asyncDispose]() {
      process.off('exit', end)
      end()
      await exited
    },
  }
}

/**
 * What has the kernel end a program when this process dies, even by kill -9, where the system has it. It replaces
 * itself by the program.
 */
function dyingWithUs(): string[] {
  const prefix = ['setpriv', '--pdeathsig', 'TERM']
  const [command = '', ...args] = prefix
  return spawnSync(command, [...args, 'true'], { stdio: 'ignore' }).status === 0 ? prefix : []
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  )
