import { type Command, UsageError } from './terminal/command.js'
import { describeError } from './terminal/describe-error.js'
import { exitCode } from './terminal/exit-code.js'
import { print, say } from './terminal/output.js'
import { overview } from './terminal/overview.js'

interface Entry {
  readonly purpose: string
  /** Loaded when called for: `status` has no use for Prisma. */
  readonly load: () => Promise<Command>
}

const commands: Readonly<Record<string, Entry>> = {
  up: { purpose: 'start the embedded stack and keep it up', load: async () => (await import('./commands/up.js')).up },
  down: { purpose: 'let it stop', load: async () => (await import('./commands/down.js')).down },
  status: { purpose: 'ports, URLs, versions, sizes', load: async () => (await import('./commands/status.js')).status },
  tables: { purpose: 'the DynamoDB tables', load: async () => (await import('./commands/tables.js')).tables },
  pool: {
    purpose: 'whether the connection pools fit into the server',
    load: async () => (await import('./commands/pool.js')).pool,
  },
  slow: {
    purpose: 'what the PostgreSQL server spends its time on, and how',
    load: async () => (await import('./commands/slow.js')).slow,
  },
  doctor: {
    purpose: 'what is wrong, and the command that mends it',
    load: async () => (await import('./commands/doctor.js')).doctor,
  },
  relay: {
    purpose: 'carry out what the outbox holds',
    load: async () => (await import('./commands/relay.js')).relay,
  },
  maintain: {
    purpose: 'months ahead, and those that may go',
    load: async () => (await import('./commands/maintain.js')).maintain,
  },
  outbox: {
    purpose: 'what committed transactions have left to be carried out',
    load: async () => (await import('./commands/outbox.js')).outbox,
  },
  streams: {
    purpose: 'what the consumers of streams could not handle',
    load: async () => (await import('./commands/streams.js')).streams,
  },
  backup: {
    purpose: 'backups of both stores at one cut',
    load: async () => (await import('./commands/backup.js')).backup,
  },
  migrate: {
    purpose: 'migrations: made, checked, undone',
    load: async () => (await import('./commands/migrate.js')).migrate,
  },
  prisma: {
    purpose: 'any Prisma command, with an engine and a database at hand',
    load: async () => (await import('./commands/prisma.js')).prisma,
  },
}

/** Runs one command line, the arguments after `miyabi`. Never rejects; resolves to the exit code. */
export async function runCli(args: readonly string[]): Promise<number> {
  try {
    const [name = '', ...rest] = args
    if (name === '' || name === '--help' || name === '-h') {
      print(overview(Object.entries(commands).map(([command, { purpose }]) => [command, purpose])))
      return name === '' ? exitCode.failed : exitCode.clean
    }
    const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (entry === undefined) throw new UsageError(`There is no command ${name}`, '')
    const command = await entry.load()
    if (!command.help || !(rest.includes('--help') || rest.includes('-h'))) return await command.run(rest)
    print(await command.help(rest))
    return exitCode.clean
  } catch (error) {
    say(describeError(error))
    return exitCode.failed
  }
}
