import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { prismaCommand } from '@miyabi/migrate'
import { UsageError } from '../usage/faults.js'

/** The package's own `dist`, where the build puts the schema and its migrations for those who only have the package. */
export const packedSchemaRoot: string = fileURLToPath(new URL('..', import.meta.url))

/** What Prisma's commands read outside of the workspace, where there is no `prisma.config.ts`. */
export const packedPrismaConfig: string = path.join(packedSchemaRoot, 'prisma.config.js')

/**
 * Whether the schema is made in the project at `root`: its Prisma configuration is one of `@miyabi/migrate`. Everywhere
 * else it is the one that was packed with this command.
 */
export function ownsSchema(root: string): boolean {
  try {
    return readFileSync(path.join(root, 'prisma.config.ts'), 'utf8').includes('@miyabi/migrate')
  } catch {
    return false
  }
}

/**
 * Refuses to write a migration where the schema is the packed one.
 * @throws {UsageError}
 */
export function assertOwnsSchema({ schemaRoot }: { readonly schemaRoot: string }): void {
  if (schemaRoot === packedSchemaRoot) throw notChangedHere('This command writes a migration', 'migrate')
}

const notChangedHere = (problem: string, command: string): UsageError =>
  new UsageError(command, [
    {
      kind: 'not_available',
      name: command,
      problem: `${problem}, and the schema of this project is the one packed with Miyabi DB, which changes in its own repository`,
    },
  ])

/** Prisma's commands that work on a database, or only report something, with the schema as it is. */
const WITH_PACKED_SCHEMA = new Set([
  '',
  'db execute',
  'migrate deploy',
  'migrate diff',
  'migrate reset',
  'migrate resolve',
  'migrate status',
  'studio',
  'validate',
  'version',
])

/**
 * Refuses a command of Prisma that would change the schema, or write what is generated from it, into the package.
 * @throws {UsageError}
 */
export function refuseChangeOfSchema(args: readonly string[]): void {
  const command = prismaCommand(args)
  if (WITH_PACKED_SCHEMA.has(command) || args.includes('--help') || args.includes('-h')) return
  throw notChangedHere(`\`prisma ${command}\` changes the schema`, 'prisma')
}
