import { printable, type StackDescriptor } from '@miyabi/core'
import type { Attached } from './attach.js'
import { LocalError, toLocalError } from './errors.js'
import { nextReply } from './next-reply.js'

/** More than a single machine can make use of. */
export const MOST_REPLICAS = 8

/**
 * Sets the number of standbys of a running stack, for all its users.
 * @returns its descriptor with them.
 * @throws {LocalError} `local.replica.start_failed`
 */
export async function haveReplicas({ client, owner }: Attached, count: number): Promise<StackDescriptor> {
  if (!Number.isInteger(count) || count < 0 || count > MOST_REPLICAS)
    throw new LocalError(
      'local.replica.start_failed',
      `A stack cannot have ${count} replicas; expected 0 to ${MOST_REPLICAS}`,
    )
  client.ref()
  client.send({ type: 'replicas', count })
  for (;;) {
    const reply = await nextReply(client, owner)
    if (reply?.type === 'replicas') return printable(reply.descriptor)
    if (reply?.type === 'refused') throw toLocalError(reply.error)
    if (reply === undefined || reply.type === 'terminated')
      throw new LocalError('local.replica.start_failed', 'The stack ended while its replicas were created')
  }
}
