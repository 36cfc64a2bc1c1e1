import type { ScopedPostgres, Tracking } from '@miyabi/postgres'
import type { Seen } from './seen.js'

/** Who can read from replicas. */
export type ReadsFromReplicas = Pick<ScopedPostgres, 'replica'>

/** Lets replicas ask what a scope has seen, and say what it read from them. */
export function trackingOf(seen: Seen): Tracking {
  return {
    position: (from) => seen.position(from.position),
    readFrom: (source) => seen.readFrom(source.position),
  }
}
