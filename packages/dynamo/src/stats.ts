/** The client's connections at one moment. */
export interface SocketStats {
  /** `DYNAMODB_MAX_SOCKETS`. */
  readonly max: number
  /** Requests on their way. */
  readonly active: number
  /** Requests that wait for a connection. */
  readonly waiting: number
}

/** What the operations of one kind took from one table or index, since the client was made. In DynamoDB's units. */
export interface CapacityUse {
  /** With the prefix. */
  readonly table: string
  /** Undefined for the table itself. */
  readonly index?: string
  /** DynamoDB's own name: `PutItem`, `Query`. */
  readonly operation: string
  /** Answers that consumed something here. */
  readonly requests: number
  readonly readUnits: number
  readonly writeUnits: number
  /**
   * Writes that their condition refused. DynamoDB bills them by the larger one of the item that was to be and the item
   * that is, and no answer tells how much: in `writeUnits` they count by what is known of both, with one unit at the
   * least (two in a transaction).
   */
  readonly failedConditions: number
}

/** The writers of events at one moment. */
export interface EventWriterStats {
  /** Those that are not closed. */
  readonly open: number
  /** Events that they have taken and that wait until they are stored. */
  readonly pending: number
}

/** What a client is doing, and has done. */
export interface DynamoStats {
  readonly sockets: SocketStats
  /** What was consumed since the client was made, for each table, index and operation. */
  readonly capacity: readonly CapacityUse[]
  readonly eventWriters: EventWriterStats
}
