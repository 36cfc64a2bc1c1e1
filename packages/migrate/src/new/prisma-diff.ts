import type { Environment } from '@miyabi/core'
import { defined } from '@miyabi/core'
import { MigrationError } from '../errors/migration-error.js'
import { runPrisma } from '../prisma/run-prisma.js'

/** Where a Prisma project is, and what its commands run with. */
export interface PrismaProject {
  /** The folder of `prisma.config.ts`. */
  readonly root: string
  /** The complete environment of the Prisma CLI, with a database that it may copy. */
  readonly env: Environment
  /** Relative to `root`. */
  readonly schema: string
  /** Relative to `root`. */
  readonly migrations: string
}

/**
 * Returns the SQL that leads from one schema to another, as Prisma writes it.
 * @param sides such as `['--from-migrations', 'prisma/migrations', '--to-empty']`
 * @throws {MigrationError} `migrate.diff_failed`, with Prisma's output.
 */
export async function prismaDiff(
  { root, env }: PrismaProject,
  sides: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  const { exitCode, stdout, stderr } = await runPrisma(['migrate', 'diff', ...sides, '--script'], {
    cwd: root,
    env: { ...env, NO_COLOR: '1' },
    stdio: 'pipe',
    ...defined({ signal }),
  })
  if (exitCode === 0) return stdout
  signal?.throwIfAborted()
  const output = `${stdout}${stderr}`.trim()
  throw new MigrationError(
    'migrate.diff_failed',
    `Prisma could not compare the schema with the migrations:\n${output}`,
    {
      details: { output },
    },
  )
}
