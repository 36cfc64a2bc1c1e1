import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { diskFullFailure, Failure } from '../../shared/failure.js'
import { ask } from '../http.js'
import type { LogFile } from '../log-file.js'
import type { Launched } from '../managed-server.js'
import { freePort } from '../ports.js'
import type { RunAs } from '../run-as.js'
import { startServer } from '../spawn.js'
import { exitsWithin } from '../wait.js'
import type { DynamodbBinary } from './binary.js'
import { startSweeping } from './sweep.js'

const START_MS = 10_000
const STOP_MS = 3_000

/** The engine has no lock or pid file; with this one the next start finds a leftover process. */
export const PID_FILE = 'dynamodb.pid'
export const databaseFile = (dataDir: string): string => path.join(dataDir, 'dynamodb', 'dynamodb.db')

export interface LaunchOptions {
  readonly binary: DynamodbBinary
  /** The loopback address to listen on. */
  readonly host: string
  /** The stack's data folder. */
  readonly dataDir: string
  readonly runAs: RunAs | undefined
  readonly log: LogFile
}

function explainEnd(port: number, { host, dataDir, log }: LaunchOptions): Failure {
  const tail = log.tail()
  if (/already in use/i.test(tail)) {
    return new Failure('local.port.taken', `Port ${port} on ${host} was taken while the DynamoDB engine started.`, {
      port,
      log: tail,
    })
  }
  if (/No space left on device|database or disk is full/i.test(tail)) return diskFullFailure(dataDir)
  return new Failure(
    'local.dynamodb.start_failed',
    `The DynamoDB engine ended while starting on ${databaseFile(dataDir)}`,
    { folder: dataDir, log: tail },
    'see its last output in details.log',
  )
}

/** Starts the engine and the sweeping of expired items; resolves once it answers with its name. */
export async function launchDynamodb(port: number, options: LaunchOptions): Promise<Launched> {
  const { binary, host, dataDir, runAs, log } = options
  const database = databaseFile(dataDir)
  const sweepPort = await freePort()
  const sweepToken = randomBytes(24).toString('base64url')
  const answers = async (): Promise<boolean> =>
    (await ask({ host, port, path: '/' }))?.headers['x-dynoxide-version'] === binary.version
  const { child, outcome } = await startServer(
    {
      command: binary.file,
      args: [
        'serve',
        '--host',
        host,
        '--port',
        String(port),
        '--db-path',
        database,
        '--mcp',
        '--mcp-port',
        String(sweepPort),
      ],
      cwd: path.dirname(database),
      runAs,
      log,
      pidFile: path.join(dataDir, PID_FILE),
      deathSignal: 'TERM',
      env: { DYNOXIDE_MCP_AUTH_TOKEN: sweepToken },
    },
    START_MS,
    answers,
  ).catch((error: Error) => {
    throw new Failure('local.dynamodb.start_failed', `${binary.file} cannot be run: ${error.message}`)
  })
  if (outcome === 'ended') throw explainEnd(port, options)
  if (outcome === 'silent') {
    child.kill('SIGKILL')
    throw new Failure(
      'local.start.timeout',
      `The DynamoDB engine did not answer within ${START_MS / 1000} s; see ${log.file}.`,
      {
        port,
        log: log.tail(),
      },
    )
  }
  const stopSweeping = startSweeping({ port: sweepPort, token: sweepToken })
  child.once('exit', stopSweeping)
  return {
    child,
    async stop() {
      stopSweeping()
      child.kill('SIGTERM')
      if (!(await exitsWithin(child, STOP_MS))) {
        child.kill('SIGKILL')
        await exitsWithin(child, STOP_MS)
      }
      rmSync(path.join(dataDir, PID_FILE), { force: true })
    },
  }
}
