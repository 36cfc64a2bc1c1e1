import { printable, type StackDescriptor } from '@miyabi/core'
import type { Attached } from './attach.js'
import { LocalError, toLocalError } from './errors.js'
import { nextReply } from './next-reply.js'

/** More than one machine has a use for. */
export const MOST_REPLICAS = 8

/**
 * Lets a stack that is up have so many standbys, whoever uses it.
 * @returns its descriptor with them.
 * @throws {LocalError} `local.replica.start_failed`
 */
export async function haveReplicas({ client, owner }: Attached, count: number): Promise<StackDescriptor> {
  if (!Number.isInteger(count) || count < 0 || count > MOST_REPLICAS)
    throw new LocalError('local.replica.start_failed', `A stack has 0 to ${MOST_REPLICAS} replicas, not ${count}`)
  client.ref()
  client.send({ type: 'replicas', count })
  for (;;) {
    const reply = await nextReply(client, owner)
    if (reply?.type === 'replicas') return printable(reply.descriptor)
    if (reply?.type === 'refused') throw toLocalError(reply.error)
    if (reply === undefined || reply.type === 'terminated')
      throw new LocalError('local.replica.start_failed', 'The stack ended while its replicas were made')
  }
}
