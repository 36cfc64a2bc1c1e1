import type { AgentState } from '../agent-state/state.js'
import type { StoredEvent } from '../events/event.js'

/** The items whose changes a stream reports, under the name that a consumer uses. */
export interface StreamItems {
  readonly events: StoredEvent
  /** Changes of an agent's current state; its history and other items beside it are omitted. */
  readonly agentState: AgentState
}

/** The stream: `events` or `agentState`. */
export type StreamName = keyof StreamItems

/** Every change has these. */
interface ChangeFacts {
  /** When DynamoDB accepted the write, to the second. */
  readonly at: Date
  /** Its number in the shard, in ascending order; for one item also from shard to shard. */
  readonly sequence: string
}

/** One change of an item. Items of older shapes are returned in the current one. */
export type Change<T> =
  | (ChangeFacts & { readonly kind: 'insert'; readonly next: T })
  | (ChangeFacts & { readonly kind: 'modify'; readonly next: T; readonly previous: T })
  | (ChangeFacts & {
      readonly kind: 'remove'
      readonly previous: T
      /** Whether DynamoDB removed it because it expired; false if a client deleted it. */
      readonly expired: boolean
    })

/** One record of a stream. */
export interface StreamRecord<T> {
  readonly sequence: string
  readonly at: Date
  /**
   * Undefined for an item of another kind in the same table, and if `unreadable` gives the reason that there is none.
   */
  readonly change?: Change<T>
  /** The error of reading its item, such as `ItemShapeError` for a newer release's item. */
  readonly unreadable?: unknown
  /** The whole record as JSON, in DynamoDB's wire format: bytes are base64. */
  toText(): string
}
