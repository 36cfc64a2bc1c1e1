import { existsSync } from 'node:fs'
import type { StackDescriptor } from '@miyabi/core'
import { findOwner } from '../shared/owner-file.js'
import { attach, ownerGone, prepareFolder } from './attach.js'
import { ControlClient } from './control-client.js'
import { namingErrors } from './errors.js'
import { resolveFolder } from './folder.js'
import { nextReply } from './next-reply.js'
import { haveReplicas } from './replicas.js'

export interface FolderOptions {
  /** The stack's folder. Default as in `acquireStack`. */
  readonly folder?: string
}

/**
 * Starts the stack where it is not up, and keeps it up without any lease until `releaseStack`. Calling it twice changes
 * nothing.
 */
export async function holdStack(
  options: FolderOptions & {
    readonly signal?: AbortSignal
    /** How many standbys it has from now on. Default: those that it has, none at first. */
    readonly replicas?: number | undefined
  } = {},
): Promise<StackDescriptor> {
  const folder = resolveFolder(options.folder)
  prepareFolder(folder)
  const attached = await attach({ folder, temporary: false, signal: options.signal })
  const { client, owner } = attached
  const { replicas } = options
  client.ref()
  client.send({ type: 'hold' })
  for (let reply = await nextReply(client, owner); reply && reply.type !== 'held'; )
    reply = await nextReply(client, owner)
  try {
    return replicas === undefined ? attached.descriptor : await haveReplicas(attached, replicas)
  } finally {
    client.send({ type: 'close' })
    await client.closed
  }
}

export interface Released {
  /** Whether the stack was held at all. */
  readonly wasHeld: boolean
  /** Processes that still lease the stack; the last of them stops it. 0: it has stopped. */
  readonly leases: number
}

/** Ends the hold. Without leases the stack stops before this resolves. Undefined when no stack is up in the folder. */
export async function releaseStack(options: FolderOptions = {}): Promise<Released | undefined> {
  const folder = resolveFolder(options.folder)
  const owner = existsSync(folder) ? namingErrors(folder, () => findOwner(folder)) : undefined
  if (!owner) return undefined
  const client = new ControlClient(owner)
  client.ref()
  client.send({ type: 'unhold' })
  for (let reply = await nextReply(client, owner); reply; reply = await nextReply(client, owner)) {
    if (reply.type !== 'ended') continue
    if (reply.leases === 0) await ownerGone(owner)
    return { wasHeld: reply.wasHeld, leases: reply.leases }
  }
  return undefined
}
