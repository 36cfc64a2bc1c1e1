import { createRequire } from 'node:module'
import type { Payload } from './payload.js'

const require = createRequire(import.meta.url)

/** One webhook delivery, as GitHub sent it. */
export interface Delivery {
  /**
   * Its kind and its index in the package, such as `issues/3`: some payloads are identical and none carries a delivery
   * id, so only this distinguishes them. GitHub's own deliveries have an id, in the header `X-GitHub-Delivery`.
   */
  readonly name: string
  /** GitHub's name of the event, such as `issues`. */
  readonly kind: string
  readonly payload: Payload
}

/**
 * A delivery and its stored facts: when it first arrived, and the ids of its sender and its repository, if it has them.
 */
export interface StoredDelivery {
  readonly delivery: Delivery
  readonly receivedAt: Date
  readonly userId: string | undefined
  readonly repositoryId: string | undefined
}

interface Kind {
  readonly name: string
  readonly examples: readonly Payload[]
}

/** The 329 real deliveries of `@octokit/webhooks-examples`, in the order of the package. */
export function readDeliveries(): Delivery[] {
  // 4 MB of JSON: `require` spares the compiler from creating a type for every value in it.
  const kinds = require('@octokit/webhooks-examples') as readonly Kind[]
  return kinds.flatMap(({ name: kind, examples }) =>
    examples.map((payload, place) => ({ name: `${kind}/${place}`, kind, payload })),
  )
}
