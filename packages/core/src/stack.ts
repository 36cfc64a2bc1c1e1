import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { findWorkspaceRoot } from './workspace.js'

/**
 * How a running embedded stack makes itself known: one small file in the stack's folder, written by the process that owns the
 * servers and removed when they stop. Whoever only needs URLs (the context, `prisma.config.ts`) reads it and depends on no server.
 */
export const STACK_FILE = 'stack.json'

/** The folder of a workspace's own stack, beside `pnpm-workspace.yaml`; git ignores it. */
export const STACK_FOLDER = '.miyabi'

const descriptorSchema = z.looseObject({
  /** The supervisor, which owns both servers. */
  pid: z.int().positive(),
  /** Where the data really are: the stack's folder, or a private cache folder. */
  dataDir: z.string(),
  postgres: z.looseObject({
    version: z.string(),
    port: z.int(),
    /** The application's login: neither superuser nor owner of the tables. */
    databaseUrl: z.string(),
    /** The migrator's login: owns the database and may create others. */
    directDatabaseUrl: z.string(),
    /** The service's login: may be the service, and no person. */
    serviceDatabaseUrl: z.string(),
  }),
  dynamodb: z.union([
    z.looseObject({ version: z.string(), port: z.int(), endpoint: z.string() }),
    /** No engine for this platform: why, and what to do. */
    z.object({ unavailable: z.string() }),
  ]),
})

export type StackDescriptor = z.infer<typeof descriptorSchema>

/**
 * The folder of the stack that belongs to `cwd`: `MIYABI_STACK_DIR` where set, else `.miyabi` at the root of the workspace
 * around `cwd`, else undefined.
 */
export function stackFolder(cwd: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (env.MIYABI_STACK_DIR?.trim()) return path.resolve(cwd, env.MIYABI_STACK_DIR)
  const root = findWorkspaceRoot(cwd)
  return root && path.join(root, STACK_FOLDER)
}

/** Whether a process with this id runs (it may belong to somebody else). A zombie does not: without an init it may stay for ever. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  if (process.platform !== 'linux') return true
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The state follows the name, which stands in brackets and may hold anything.
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z'
  } catch {
    return false
  }
}

/** The stack that is up in `folder`, or undefined when none is (no file, an unreadable one, or its owner is gone). */
export function readStack(folder: string): StackDescriptor | undefined {
  let text: string
  try {
    text = readFileSync(path.join(folder, STACK_FILE), 'utf8')
  } catch {
    return undefined
  }
  try {
    const descriptor = descriptorSchema.parse(JSON.parse(text))
    return isProcessAlive(descriptor.pid) ? descriptor : undefined
  } catch {
    return undefined
  }
}
