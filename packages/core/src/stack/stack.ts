import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { distrustFile, distrustFolder, readOwnFile } from '../ownership.js'
import { isStillRunning } from '../process.js'
import { findProjectRoot } from '../project/root.js'
import { type Environment, readVariable } from '../settings/environment.js'
import { printable } from '../settings/printable.js'
import { isStackDescriptor, type StackDescriptor } from './descriptor.js'

/**
 * How a running embedded stack makes itself known: one small file in the stack's folder, written by the process that
 * owns the servers and removed when they stop. Whoever only needs URLs (the context, `prisma.config.ts`) reads it and
 * depends on no server.
 */
export const STACK_FILE = 'stack.json'

/** The folder of a project's own stack, at its root; git ignores it. */
export const STACK_FOLDER = '.miyabi'

/**
 * The folder of the stack that belongs to `cwd`: `MIYABI_STACK_DIR` where set, else `.miyabi` at the root of the
 * project around `cwd`, else undefined.
 */
export function stackFolder(cwd: string, env: Environment): string | undefined {
  const named = readVariable(env, 'MIYABI_STACK_DIR')
  if (named !== undefined) return path.resolve(cwd, named)
  const root = findProjectRoot(cwd)
  return root && path.join(root, STACK_FOLDER)
}

/** What was found of a stack. */
export interface FoundStack {
  /** The stack that is up. */
  readonly stack: StackDescriptor | undefined
  /** Why one is not believed, and what to do. */
  readonly distrusted: string | undefined
}

/**
 * Looks for the stack that is up in `folder`: none is where there is no file, one that cannot be read, or whose owner
 * is gone. A file is believed only where it and its folder are this user's own.
 */
export function findStack(folder: string): FoundStack {
  const file = path.join(folder, STACK_FILE)
  const doubt = existsSync(file) ? (distrustFolder(folder) ?? distrustFile(file)) : undefined
  if (doubt) {
    const distrusted =
      `${doubt.path} ${doubt.reason}, so the stack that it tells of may be a stranger's. Start your own as the user who owns that ` +
      'folder, or name a folder of your own in MIYABI_STACK_DIR.'
    return { stack: undefined, distrusted }
  }
  try {
    const descriptor: unknown = JSON.parse(readOwnFile(file) ?? '')
    if (!isStackDescriptor(descriptor)) return { stack: undefined, distrusted: undefined }
    const isUp = isStillRunning(descriptor) && isOf(descriptor, folder)
    return { stack: isUp ? printable(descriptor) : undefined, distrusted: undefined }
  } catch {
    return { stack: undefined, distrusted: undefined }
  }
}

/** The stack that is up in `folder` and to be believed, or undefined. */
export function readStack(folder: string): StackDescriptor | undefined {
  return findStack(folder).stack
}

/** Not that of another folder, whose file was moved or linked here. */
function isOf({ folder: noted }: StackDescriptor, folder: string): boolean {
  return noted === undefined || realpathSync(noted) === realpathSync(folder)
}
