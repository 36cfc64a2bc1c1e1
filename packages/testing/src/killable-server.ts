import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { sleep } from '@miyabi/core'
import { acquireStack } from '@miyabi/local'
import { withConnection } from './admin.js'

/** A test's private servers, to be killed: their supervisor restarts them, on the same port and data. */
export interface KillableServer extends AsyncDisposable {
  /** The application's login. */
  readonly databaseUrl: string
  /** The service's login. */
  readonly serviceDatabaseUrl: string
  /** The migrator's login: owns the database. */
  readonly directDatabaseUrl: string
  readonly dynamodbEndpoint: string
  /** Kills PostgreSQL and all its processes (`kill -9`), whatever they are doing. */
  kill(): void
  /** Kills the DynamoDB engine in the same way. */
  killDynamodb(): void
  /** Resolves once PostgreSQL accepts connections again. */
  returned(): Promise<void>
  /** Resolves once a process other than the one killed last answers for DynamoDB. */
  dynamodbReturned(): Promise<void>
}

/** Starts the servers, as a temporary embedded stack. */
export async function startKillableServer(): Promise<KillableServer> {
  const stack = await acquireStack({ temporary: true })
  const { databaseUrl, directDatabaseUrl, serviceDatabaseUrl } = stack.descriptor.postgres
  const { dynamodb } = stack.descriptor
  const dynamodbEndpoint = 'endpoint' in dynamodb ? String(dynamodb.endpoint) : ''
  const dynamodbPid = (): number => Number(readFileSync(path.join(stack.folder, 'data', 'dynamodb.pid'), 'utf8'))
  let killedPid = 0
  return {
    databaseUrl,
    serviceDatabaseUrl,
    directDatabaseUrl,
    dynamodbEndpoint,
    kill() {
      const pidFile = path.join(stack.folder, 'data', 'postgres', 'postmaster.pid')
      const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0])
      for (const victim of [pid, ...childrenOf(pid)]) killIfAlive(victim)
    },
    killDynamodb() {
      killedPid = dynamodbPid()
      killIfAlive(killedPid)
    },
    async returned() {
      for (;;) {
        try {
          return await withConnection(directDatabaseUrl, async (client) => void (await client.query('SELECT')))
        } catch {
          await sleep(5)
        }
      }
    },
    async dynamodbReturned() {
      for (;;) {
        if (dynamodbPid() !== killedPid && (await answers(dynamodbEndpoint))) return
        await sleep(5)
      }
    },
    [Symbol.asyncDispose]: () => stack.close(),
  }
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  )

function childrenOf(pid: number): number[] {
  const list = execFileSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' })
  return list
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []))
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it ended on its own
  }
}
