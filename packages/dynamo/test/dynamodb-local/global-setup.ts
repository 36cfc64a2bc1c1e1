import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { sleep } from '@miyabi/core'
import { freePort, testVariables } from '@miyabi/testing'
import { fetchEngine } from './fetch.js'

/** How long the engine may take to answer. Java starts slowly on a busy machine. */
const START_MS = 60_000

/** Starts AWS's own engine, in memory, for the whole run; fails where Java is missing. */
export default async function setup(): Promise<() => Promise<void>> {
  assertJava()
  const folder = await fetchEngine()
  const port = await freePort()
  console.warn(
    'AWS DynamoDB Local listens on all interfaces, and its log4j is an old one: run this only where nobody else reaches the machine.',
  )
  const engine = spawn(
    'java',
    [
      '-Djava.library.path=DynamoDBLocal_lib',
      '-jar',
      'DynamoDBLocal.jar',
      '-inMemory',
      '-sharedDb',
      '-port',
      String(port),
    ],
    { cwd: folder, stdio: 'ignore' },
  )
  const ended = once(engine, 'exit')
  const stop = async (): Promise<void> => {
    process.off('exit', kill)
    engine.kill()
    await ended
  }
  const kill = (): void => void engine.kill('SIGKILL')
  process.once('exit', kill)

  const endpoint = `http://127.0.0.1:${port}`
  process.env[testVariables.dynamodbEndpoint] = endpoint
  process.env[testVariables.prefix] = 'strict'
  try {
    await answers(endpoint)
  } catch (error) {
    await stop()
    throw error
  }
  return stop
}

function assertJava(): void {
  try {
    execFileSync('java', ['-version'], { stdio: 'ignore' })
  } catch {
    throw new Error('java is not installed, and AWS DynamoDB Local needs it: `apt install openjdk-17-jre-headless`')
  }
}

async function answers(endpoint: string): Promise<void> {
  const startedAtMs = performance.now()
  for (;;) {
    try {
      // Any HTTP answer will do: it is there.
      await fetch(endpoint)
      return
    } catch (error) {
      if (performance.now() - startedAtMs > START_MS) throw error
      await sleep(100)
    }
  }
}
