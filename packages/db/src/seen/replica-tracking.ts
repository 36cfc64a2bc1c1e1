import type { ScopedPostgres, Tracking } from '@miyabi/postgres'
import type { Seen } from './seen.js'

/** A scope that can read from replicas. */
export type ReadsFromReplicas = Pick<ScopedPostgres, 'replica'>

/** Lets replicas query what a scope has read, and record what it read from them. */
export function trackingOf(seen: Seen): Tracking {
  return {
    known: (from) => seen.known(from.position),
    position: (from) => seen.position(from.position),
    readFrom: (source) => seen.readFrom(source.position),
  }
}
