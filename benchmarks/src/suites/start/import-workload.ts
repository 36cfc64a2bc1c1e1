import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Contender, Workload } from '../../harness/workload.js'
import { ended } from './ended.js'

const dist = path.join(import.meta.dirname, '../../../dist')

/** The time of importing in a running process. Disposing of the workload ends the waiting processes. */
export function importWorkload(): { readonly workload: Workload } & AsyncDisposable {
  const waiting = new Map<string, Promise<ChildProcess>>()
  const stock = ['pg', '@prisma/adapter-pg', path.join(dist, 'stock-client/client.js')]
  const workload: Workload = {
    name: 'import',
    about:
      'The imports of an application, in a Node process that is running and waits for the signal to start: the generated client, its adapter and pg, against `@miyabi/db`, which loads them with the first context (see the next table) and the AWS SDK when DynamoDB is first used.',
    concurrency: [1],
    single: true,
    contenders: [
      importContender('Prisma', stock, waiting),
      importContender('ours: @miyabi/db', ['@miyabi/db'], waiting),
      importContender('ours: and DynamoDB', ['@miyabi/db', '@miyabi/dynamo'], waiting),
    ],
  }
  return {
    workload,
    async [Symbol.asyncDispose]() {
      for (const child of await Promise.all(waiting.values())) child.kill()
    },
  }
}

function importContender(
  name: string,
  specifiers: readonly string[],
  waiting: Map<string, Promise<ChildProcess>>,
): Contender {
  let exit: Promise<void> | undefined
  return {
    name,
    async run() {
      const child = await (waiting.get(name) ?? importer(specifiers))
      waiting.delete(name)
      exit = ended(child)
      child.stdin?.end('\n')
      await Promise.race([once(child.stdout ?? child, 'data'), exit])
    },
    async after() {
      await exit
      const next = importer(specifiers)
      waiting.set(name, next)
      await next
    },
  }
}

/** A process that is ready to import. */
async function importer(specifiers: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [path.join(dist, 'suites/start/programs/imports.js')], {
    env: { ...process.env, IMPORTS: specifiers.join(' ') },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}
