/** The client's current connections. */
export interface SocketStats {
  /** `DYNAMODB_MAX_SOCKETS`. */
  readonly max: number
  /** Requests in flight. */
  readonly active: number
  /** Requests that wait for a connection. */
  readonly waiting: number
}

/** What the operations of one kind took from one table or index, since the client was created. In DynamoDB's units. */
export interface CapacityUse {
  /** With the prefix. */
  readonly table: string
  /** Undefined for the table itself. */
  readonly index?: string
  /** DynamoDB's own name: `PutItem`, `Query`. */
  readonly operation: string
  /** Responses that consumed capacity here. */
  readonly requests: number
  readonly readUnits: number
  readonly writeUnits: number
  /**
   * Writes rejected by their condition. DynamoDB bills them by the larger of the new item and the stored item, and no
   * response reports the amount: in `writeUnits` they count by what is known of both, with at least one unit (two in a
   * transaction).
   */
  readonly failedConditions: number
}

/** The current event writers. */
export interface EventWriterStats {
  /** Those that are not closed. */
  readonly open: number
  /** Events that they have accepted and that are waiting to be stored. */
  readonly pending: number
}

/** The current and past activity of a client. */
export interface DynamoStats {
  readonly sockets: SocketStats
  /** Capacity consumed since the client was created, for each table, index and operation. */
  readonly capacity: readonly CapacityUse[]
  readonly eventWriters: EventWriterStats
}
