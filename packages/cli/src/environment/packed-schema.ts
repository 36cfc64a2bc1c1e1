import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { prismaCommand } from '@miyabi/migrate'
import { UsageError } from '../usage/faults.js'

/** The package's `dist`, which contains the schema and its migrations for projects that only install the package. */
export const packedSchemaRoot: string = fileURLToPath(new URL('..', import.meta.url))

/** The configuration for Prisma's commands outside the workspace, if there is no `prisma.config.ts`. */
export const packedPrismaConfig: string = path.join(packedSchemaRoot, 'prisma.config.js')

/**
 * Whether the schema belongs to the project at `root`: its Prisma configuration is one of `@miyabi/migrate`. In other
 * projects the schema is the one that is packed with this command.
 */
export function ownsSchema(root: string): boolean {
  try {
    return readFileSync(path.join(root, 'prisma.config.ts'), 'utf8').includes('@miyabi/migrate')
  } catch {
    return false
  }
}

/**
 * Refuses to write a migration if the schema is the packed one.
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

/** Prisma's commands that use a database or only report, without changing the schema. */
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
 * Refuses a command of Prisma that would change the schema, or write files generated from it, in the package.
 * @throws {UsageError}
 */
export function refuseChangeOfSchema(args: readonly string[]): void {
  const command = prismaCommand(args)
  if (WITH_PACKED_SCHEMA.has(command) || args.includes('--help') || args.includes('-h')) return
  throw notChangedHere(`\`prisma ${command}\` changes the schema`, 'prisma')
}
