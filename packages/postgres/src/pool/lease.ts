import pg from 'pg'
import type { PooledClient } from './pooled-client.js'

/** SQLSTATEs after which the session is gone or cannot be trusted; after any other error it is as good as before. */
const FATAL = /^(08|28|3D|53|57P|58|F0|XX)|^25P0[34]$/

/** The facts of one lease. */
export interface Lease {
  /** From `performance.now()`. */
  readonly takenAt: number
  /** Its watcher, to be called when it ends. */
  readonly cameBack: (() => void) | undefined
  readonly leaveScope: (() => void) | undefined
}

/**
 * Turns a client from the driver's pool into a lease: its `release` decides whether the connection is kept, and
 * notifies the pool. The driver's own `pool.query` releases with the error after any failed statement and would close
 * the connection for every unique violation.
 */
export function lease(
  client: PooledClient & pg.PoolClient,
  facts: Lease,
  onReleased: (client: PooledClient, facts: Lease) => void,
): pg.PoolClient {
  const release = client.release
  client.isLeased = true
  client.release = (error) => {
    client.releasedWith = error
    release(endsSession(error) || !client.isClean) // throws if it was released before, and then is not counted twice
    onReleased(client, facts)
  }
  return client
}

function endsSession(error: Error | boolean | undefined): boolean {
  if (error instanceof pg.DatabaseError)
    return error.code === undefined || FATAL.test(error.code) || isRefusedByStandby(error)
  return Boolean(error)
}

/** The next connection may lead to the new primary. */
const isRefusedByStandby = (error: pg.DatabaseError): boolean => error.code === '25006' && 'standby' in error
