import path from 'node:path'
import { diskFullFailure, Failure } from '../../shared/failure.js'
import type { RunAs } from '../run-as.js'
import { runProgram } from '../spawn.js'
import type { PostgresBinaries } from './binaries.js'

/** Runs one of PostgreSQL's programs to completion. */
export async function runPostgresProgram(
  program: string,
  args: readonly string[],
  options: { readonly folder: string; readonly runAs: RunAs | undefined; readonly input?: string },
): Promise<void> {
  const { folder, runAs, input } = options
  const { code, output } = await runProgram(program, args, {
    cwd: '/',
    runAs,
    ...(input === undefined ? {} : { input }),
  })
  if (code === 0) return
  if (output.includes('No space left on device')) throw diskFullFailure(folder)
  if (output.includes('could not look up effective user ID')) throw unknownUserFailure()
  const name = path.basename(program)
  throw new Failure('local.postgres.start_failed', `${name} ended with code ${code} while preparing a data folder.`, {
    folder,
    log: output,
  })
}

/**
 * Runs statements as the superuser on a data folder without a server, in template1 unless another database is named.
 * Each is one line, and commits separately.
 */
export async function runSingleUser(
  binaries: PostgresBinaries,
  dataFolder: string,
  statements: readonly string[],
  options: { readonly runAs: RunAs | undefined; readonly durable: boolean; readonly database?: string },
): Promise<void> {
  const flags = ['-c', 'exit_on_error=on', '-c', `fsync=${options.durable ? 'on' : 'off'}`]
  await runPostgresProgram(
    binaries.postgres,
    ['--single', '-j', '-D', dataFolder, ...flags, options.database ?? 'template1'],
    {
      folder: dataFolder,
      runAs: options.runAs,
      // With -j a statement ends at a semicolon followed by an empty line.
      input: statements.map((statement) => `${statement};\n\n`).join(''),
    },
  )
}

function unknownUserFailure(): Failure {
  return new Failure(
    'local.user.unknown',
    `PostgreSQL's initdb requires a known user, and this system has none with the id ${process.getuid?.()}`,
    {},
    'add one to /etc/passwd, or run the container as an existing user',
  )
}
