import type { CallStart, Calls } from '@miyabi/core'
import { isDatabaseError, toPostgresError } from '../errors/map-error.js'
import type { ClientInternals, ClientWork } from '../internals/prisma.js'

/** What is needed to attribute a call. */
export interface Followed {
  readonly calls: Calls
  /** Whether the caller is followed already: `transaction()` starts one of Prisma's. */
  readonly isPart: () => boolean
}

const TRANSACTION: CallStart = { store: 'postgresql', operation: '$transaction' }

/** The same work methods, whose calls can be followed. If Prisma creates its own spans, it reports them itself. */
export function followedClient(work: ClientWork, { calls, isPart }: Followed): ClientWork {
  const isFollowed = ({ _tracingHelper: tracing }: ClientInternals): boolean => calls.isFollowed && !tracing.isEnabled()
  return {
    ...work,
    _request(this: ClientWork & ClientInternals, call) {
      // The calls of a batch count as one.
      if (!isFollowed(this) || call.transaction?.kind === 'batch') return work._request.call(this, call)
      const start: CallStart = { store: 'postgresql', operation: call.clientMethod }
      return calls.run(start, () => work._request.call(this, call), codeOfFailure)
    },
    $transaction(this: ClientWork & ClientInternals, ...args) {
      if (!isFollowed(this) || isPart()) return work.$transaction.apply(this, args)
      return calls.run(TRANSACTION, () => work.$transaction.apply(this, args), codeOfFailure)
    },
  }
}

/** Errors that are not from the database have no code. */
export function codeOfFailure(error: unknown): string {
  return isDatabaseError(error) ? toPostgresError(error).code : 'other'
}
