import type { Socket } from 'node:net'
import type { StackDescriptor } from '@miyabi/core'
import type { LocalErrorCode, LocalErrorDetails } from './failure.js'

/**
 * The messages between an acquirer and the supervisor: one JSON value per line over a loopback connection, which the
 * acquirer opens with the token of the owner file. The connection itself is the lease.
 */
export type Request =
  /** Start a lease; it lasts as long as the connection. */
  | { readonly type: 'lease' }
  /** On a lease: end it, and answer `ended` once that has taken full effect. */
  | { readonly type: 'close' }
  /** Keep the stack running without leases. */
  | { readonly type: 'hold' }
  /** End the hold. Answered `ended`. */
  | { readonly type: 'unhold' }
  | { readonly type: 'status' }
  /** Set the number of standbys, while the stack is running. Answered `replicas`, or `refused`. */
  | { readonly type: 'replicas'; readonly count: number }

export type Reply =
  | { readonly type: 'ready'; readonly descriptor: StackDescriptor }
  | { readonly type: 'failed'; readonly error: PlainFailure }
  /** The stack is about to end: wait until its owner is gone, then start another. */
  | { readonly type: 'stopping' }
  /** The supervisor ends while leases are open, for this reason: holders do not start it again. */
  | { readonly type: 'terminated'; readonly reason: string }
  | { readonly type: 'held' }
  | { readonly type: 'replicas'; readonly descriptor: StackDescriptor }
  | { readonly type: 'refused'; readonly error: PlainFailure }
  | { readonly type: 'ended'; readonly wasHeld: boolean; readonly leases: number }
  | { readonly type: 'status'; readonly held: boolean; readonly leases: number; readonly descriptor?: StackDescriptor }
  | SupervisorEvent

/** An event for a holder's logger: a server crashed, is back, or moved to another port. */
export interface SupervisorEvent {
  readonly type: 'event'
  readonly level: 'info' | 'warn' | 'error'
  readonly fields: Readonly<Record<string, string | number | boolean>>
  readonly message: string
}

export interface PlainFailure {
  readonly code: LocalErrorCode
  /** What happened. */
  readonly message: string
  readonly details: LocalErrorDetails
  /** What to do about it. */
  readonly remedy?: string | undefined
}

/** The maximum length of a line; a longer one is not from one of our clients. */
const MAX_LINE = 64 * 1024

export function sendLine(socket: Socket, value: unknown): void {
  if (!socket.destroyed && socket.writable) socket.write(`${JSON.stringify(value)}\n`)
}

/** Calls `onValue` for every line; anything that is not JSON ends the connection. */
export function readLines(socket: Socket, onValue: (value: unknown) => void): void {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE) return void socket.destroy()
    for (const line of lines) {
      let value: unknown
      try {
        value = JSON.parse(line)
      } catch {
        return void socket.destroy()
      }
      onValue(value)
    }
  })
}
