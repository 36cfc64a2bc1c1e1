import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { MiyabiError, sleep } from '@miyabi/core'
import { findDynamodbEngine } from '@miyabi/local'
import { workspaceRoot } from '../../servers.js'

const HOST = '127.0.0.1'

/** The embedded engine with imported tables, in memory. */
export interface ImportedTables extends AsyncDisposable {
  readonly endpoint: string
}

/**
 * Starts an engine of its own that imports an export before it answers: some 20,000 items a second, where requests store 2,500.
 * @param folder `<table>/data/*.json.gz` for each table.
 * @param schema a file with the answers of DescribeTable.
 */
export async function importTables(folder: string, schema: string): Promise<ImportedTables> {
  const engine = await findDynamodbEngine(workspaceRoot)
  if ('unavailable' in engine) throw new MiyabiError('benchmarks.no_dynamodb', engine.unavailable)
  const port = String(await freePort())
  const args = ['import', '--source', folder, '--schema', schema, '--serve', '--host', HOST, '--port', port]
  const child = spawn(engine.file, args, { stdio: ['ignore', 'ignore', 'pipe'], windowsHide: true })
  const end = (): boolean => child.kill()
  process.once('exit', end)
  const exited = once(child, 'exit')
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000)
  })
  const endpoint = `http://${HOST}:${port}`
  while (!(await answers(endpoint))) {
    if (child.exitCode !== null) throw new MiyabiError('benchmarks.import', `the engine did not import:\n${said}`)
    await sleep(200)
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
