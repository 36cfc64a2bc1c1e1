import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { type DatabaseContext, type Environment, MiyabiError } from '@miyabi/db'
import { duration, say, timed } from './terminal/print.js'
import { miyabi, root } from './workspace.js'

/**
 * Brings both stores to the state the application expects: migrations and seed with the migrator's login, then the
 * DynamoDB tables. Existing data is left unchanged.
 */
export async function prepare(db: DatabaseContext, env: Environment, signal: AbortSignal): Promise<void> {
  const { ms, value: done } = await timed(async () => {
    say('applying the migrations ...')
    const migrated = await prisma(['migrate', 'deploy'], env, signal)
    say('adding the seed ...')
    const seeded = await prisma(['db', 'seed'], env, signal)
    say('creating the DynamoDB tables ...')
    const { done } = await db.dynamodb.tables.apply({ signal })
    const created = done.filter(({ does }) => does === 'create the table').length
    return [
      migrated.includes('No pending migrations') ? undefined : 'applied the migrations',
      /Seed: (added .*)/.exec(seeded)?.[1],
      created > 0 ? `created ${created} DynamoDB tables` : undefined,
    ].filter((what) => what !== undefined)
  })
  say(`${done.length > 0 ? done.join(', ') : 'migrations, seed and tables are up to date'} (${duration(ms)})`)
}

/** As `pnpm prisma` does: without a download, with its output. */
async function prisma(args: readonly string[], env: Environment, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted()
  const child = spawn(process.execPath, [miyabi, 'prisma', ...args], {
    cwd: root,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Not spawn's own `signal`: that rejects immediately, while Prisma is still cleaning up.
  const end = (): void => void child.kill('SIGTERM')
  signal.addEventListener('abort', end, { once: true })
  const ended = once(child, 'close').finally(() => signal.removeEventListener('abort', end))
  const [[exitCode], stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  if (exitCode === 0) return stdout
  // The error follows what Prisma loaded.
  const reason = stderr.slice(Math.max(0, stderr.indexOf('Error:'))).trim()
  throw new MiyabiError(
    'demo.prisma_failed',
    `prisma ${args.join(' ')}, with DIRECT_DATABASE_URL or DATABASE_URL:\n${reason}`,
  )
}
