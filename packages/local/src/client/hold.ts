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
 * Starts the stack if it is not running, and keeps it running without a lease until `releaseStack`. Calling it again
 * has no effect.
 */
export async function holdStack(
  options: FolderOptions & {
    readonly signal?: AbortSignal
    /** The number of standbys from now on. Default: unchanged, initially 0. */
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
  /** Whether the stack was held. */
  readonly wasHeld: boolean
  /** The number of processes that still lease the stack; the last of them stops it. 0: it has stopped. */
  readonly leases: number
}

/**
 * Ends the hold. Without leases the stack stops before this resolves. Undefined if no stack is running in the folder.
 */
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
