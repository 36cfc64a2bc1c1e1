import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  distrustFolder,
  isStillRunning,
  printable,
  STACK_FOLDER,
  type StackDescriptor,
  sleep,
  withDeadline,
} from '@miyabi/core'
import { strangersFailure } from '../shared/failure.js'
import { findOwner, type Owner } from '../shared/owner-file.js'
import { ControlClient } from './control-client.js'
import { LocalError, namingErrors, toLocalError } from './errors.js'
import { nextReply } from './next-reply.js'
import { StartedSupervisor } from './start-supervisor.js'

/** Long enough for a cold start on a slow machine (initdb, then the recovery of a crashed server). */
const START_MS = 120_000
const POLL_MS = 5

export interface AttachOptions {
  readonly folder: string
  readonly temporary: boolean
  /** Whether a database created by this start has amcheck. Default false. */
  readonly amcheck?: boolean
  readonly signal?: AbortSignal | undefined
}

export interface Attached {
  readonly client: ControlClient
  readonly owner: Owner
  readonly descriptor: StackDescriptor
}

/** Leases the stack of an owner; undefined when that owner ended or is about to. */
async function lease(owner: Owner, signal: AbortSignal): Promise<Attached | undefined> {
  const client = new ControlClient(owner)
  client.ref()
  const onAbort = (): void => client.destroy()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    client.send({ type: 'lease' })
    for (;;) {
      const reply = await nextReply(client, owner)
      if (reply?.type === 'ready') {
        client.unref()
        return { client, owner, descriptor: printable(reply.descriptor) }
      }
      if (reply?.type === 'failed') throw toLocalError(reply.error)
      if (reply?.type === 'event') continue
      client.destroy()
      return undefined
    }
  } catch (error) {
    client.destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Resolves when the process of an owner is gone. */
export async function ownerGone(owner: Owner, signal?: AbortSignal): Promise<void> {
  while (isStillRunning(owner)) await sleep(POLL_MS, signal)
}

/** Creates the folder if it is missing, and ensures that it is writable. */
export function prepareFolder(folder: string): void {
  namingErrors(folder, () => {
    makeOwnFolder(folder)
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  })
}

/** With no more permissions than the umask allows, and not world-writable. */
function makeOwnFolder(folder: string): void {
  const isNew = mkdirSync(folder, { recursive: true, mode: 0o755 }) !== undefined
  const doubt = distrustFolder(folder)
  if (doubt) throw strangersFailure(doubt)
  // The project's own folder, ignored by its repository.
  if (isNew && path.basename(folder) === STACK_FOLDER) writeFileSync(path.join(folder, '.gitignore'), '*\n')
}

/** Leases the stack of a folder, starting its supervisor if none is alive. */
export async function attach({ folder, signal, ...start }: AttachOptions): Promise<Attached> {
  const onTimeout = (): Error =>
    new LocalError('local.start.timeout', `The embedded stack in ${folder} did not start within ${START_MS / 1000} s`, {
      details: { folder },
      remedy: 'try again: a busy machine needs longer; see the log in that folder',
      retryable: true,
    })
  return await withDeadline({ ms: START_MS, signal, onTimeout }, async (signal) => {
    let started: StartedSupervisor | undefined
    for (;;) {
      signal.throwIfAborted()
      const owner = namingErrors(folder, () => findOwner(folder))
      if (owner) {
        const attached = await lease(owner, signal)
        if (attached) return attached
      } else if (!started || started.hasEnded) {
        started?.assertNotCrashed()
        started = namingErrors(folder, () => new StartedSupervisor(folder, start))
      }
      await sleep(POLL_MS, signal)
    }
  })
}
