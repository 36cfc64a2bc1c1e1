import { constants } from 'node:os'
import { MIGRATOR_URLS } from '@miyabi/core'
import { checkPrismaCommand, needsDatabase, prismaCommand, runPrisma } from '@miyabi/migrate'
import { commandEnvironment, stackUnlessSet } from '../environment/environment.js'
import { packedPrismaConfig, packedSchemaRoot, refuseChangeOfSchema } from '../environment/packed-schema.js'
import { say } from '../terminal/output.js'
import type { ForeignCommand } from '../usage/command.js'

/**
 * Runs the Prisma CLI with our schema engine. A command that needs a database when no URL is set uses the embedded
 * stack while it runs. Everything is passed on: arguments, input and output, signals, the exit code.
 */
export const prisma: ForeignCommand = {
  kind: 'foreign',
  details:
    'Passes everything on: arguments, input and output, signals, the exit code. Uses the embedded stack if no database URL is set, except in production. `miyabi prisma --help` prints the help of Prisma.',
  examples: [
    ['miyabi prisma migrate deploy', 'Applies the pending migrations.'],
    ['miyabi prisma migrate dev', 'Applies them, and writes a migration for changes of the schema.'],
    ['miyabi prisma studio', 'Opens the data in a browser.'],
  ],
  more: 'docs/MIGRATIONS.md',
  async run(args: readonly string[]) {
    const environment = commandEnvironment()
    const isPacked = environment.schemaRoot === packedSchemaRoot
    if (isPacked) refuseChangeOfSchema(args)
    checkPrismaCommand(environment.root, environment.env, args)
    await using stack = needsDatabase(args) ? await stackUnlessSet(environment, MIGRATOR_URLS) : undefined
    if (stack !== undefined) say('no database URL is set: using the embedded stack')
    const given = isPacked && prismaCommand(args) !== '' ? [...args, `--config=${packedPrismaConfig}`] : args
    return await withSignals((signal) => runPrisma(given, { cwd: environment.root, env: environment.env, signal }))
  },
}

/**
 * Ctrl-C reaches the whole process group, including Prisma, which has to clean up: this process waits for it.
 * SIGTERM and SIGHUP reach only this process and are forwarded.
 */
async function withSignals(work: (signal: AbortSignal) => Promise<{ readonly exitCode: number }>): Promise<number> {
  const handOn = new AbortController()
  let received: NodeJS.Signals | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    received ??= signal
    if (signal !== 'SIGINT') handOn.abort()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, onSignal)
  try {
    const { exitCode } = await work(handOn.signal)
    return received === undefined ? exitCode : 128 + constants.signals[received]
  } finally {
    for (const signal of signals) process.off(signal, onSignal)
  }
}
