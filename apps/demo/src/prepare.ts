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
    const isMigrated = await migrate(env, signal)
    say('adding the seed ...')
    const seeded = await succeed('The seed', SEED, env, signal)
    say('creating the DynamoDB tables ...')
    const { done } = await db.dynamodb.tables.apply({ signal })
    const created = done.filter(({ does }) => does === 'create the table').length
    return [
      isMigrated ? 'applied the migrations' : undefined,
      /Seed: (added .*)/.exec(seeded)?.[1],
      created > 0 ? `created ${created} DynamoDB tables` : undefined,
    ].filter((what) => what !== undefined)
  })
  say(`${done.length > 0 ? done.join(', ') : 'migrations, seed and tables are up to date'} (${duration(ms)})`)
}

/** What `prisma db seed` runs; Prisma itself would take seconds to load. */
const SEED = ['--import', 'tsx', 'prisma/seed/main.ts']

/** Applies what is pending; false if nothing is, which is known without loading Prisma. */
async function migrate(env: Environment, signal: AbortSignal): Promise<boolean> {
  const status = await run([miyabi, 'migrate', 'status'], env, signal)
  if (status.exitCode === 0) return false
  say('applying the migrations ...')
  await succeed('`prisma migrate deploy`', [miyabi, 'prisma', 'migrate', 'deploy'], env, signal)
  return true
}

/** Runs a program to its end. @returns its output. */
async function succeed(what: string, args: readonly string[], env: Environment, signal: AbortSignal): Promise<string> {
  const { exitCode, stdout, stderr } = await run(args, env, signal)
  if (exitCode === 0) return stdout
  // The error follows what Prisma loaded.
  const reason = stderr.slice(Math.max(0, stderr.indexOf('Error:'))).trim()
  throw new MiyabiError('demo.prepare_failed', `${what} failed, with DIRECT_DATABASE_URL or DATABASE_URL:\n${reason}`)
}

async function run(args: readonly string[], env: Environment, signal: AbortSignal) {
  signal.throwIfAborted()
  const child = spawn(process.execPath, args, { cwd: root, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  // Not spawn's own `signal`: that rejects immediately, while the program is still cleaning up.
  const end = (): void => void child.kill('SIGTERM')
  signal.addEventListener('abort', end, { once: true })
  const ended = once(child, 'close').finally(() => signal.removeEventListener('abort', end))
  const [[exitCode], stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  return { exitCode, stdout, stderr }
}
