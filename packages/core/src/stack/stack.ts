import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { distrustFile, distrustFolder, readOwnFile } from '../ownership.js'
import { isStillRunning } from '../process.js'
import { findProjectRoot } from '../project/root.js'
import { type Environment, readVariable } from '../settings/environment.js'
import { printable } from '../settings/printable.js'
import { isStackDescriptor, type StackDescriptor } from './descriptor.js'

/**
 * The file by which a running embedded stack is found: a small file in the stack's folder, written by the process that
 * owns the servers and removed when they stop. Code that only needs URLs (the context, `prisma.config.ts`) reads it and
 * does not depend on the servers.
 */
export const STACK_FILE = 'stack.json'

/** The folder of a project's own stack, at its root; git ignores it. */
export const STACK_FOLDER = '.miyabi'

/**
 * Returns the folder of the stack that belongs to `cwd`: `MIYABI_STACK_DIR` if set, else `.miyabi` at the root of the
 * project around `cwd`, else undefined.
 */
export function stackFolder(cwd: string, env: Environment): string | undefined {
  const named = readVariable(env, 'MIYABI_STACK_DIR')
  if (named !== undefined) return path.resolve(cwd, named)
  const root = findProjectRoot(cwd)
  return root && path.join(root, STACK_FOLDER)
}

/** The result of searching for a stack. */
export interface FoundStack {
  /** The running stack. */
  readonly stack: StackDescriptor | undefined
  /** Why a stack that was found is not trusted, and what to do. */
  readonly distrusted: string | undefined
}

/**
 * Searches for the running stack in `folder`: there is none if the file is missing or unreadable, or if its owner is
 * gone. A file is trusted only if it and its folder belong to this user.
 */
export function findStack(folder: string): FoundStack {
  const file = path.join(folder, STACK_FILE)
  const doubt = existsSync(file) ? (distrustFolder(folder) ?? distrustFile(file)) : undefined
  if (doubt) {
    const distrusted =
      `${doubt.path} ${doubt.reason}, so the stack it describes may belong to another user. Start your own stack as the owner of that ` +
      'folder, or set MIYABI_STACK_DIR to a folder that you own.'
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

/** Returns the running and trusted stack in `folder`, or undefined. */
export function readStack(folder: string): StackDescriptor | undefined {
  return findStack(folder).stack
}

/** Whether the file belongs to this folder, and was not moved or linked from another. */
function isOf({ folder: noted }: StackDescriptor, folder: string): boolean {
  return noted === undefined || realpathSync(noted) === realpathSync(folder)
}
