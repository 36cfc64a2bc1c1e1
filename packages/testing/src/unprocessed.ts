type Writes = Record<string, object[]>
type Reads = Record<string, { Keys: object[] }>

/** A batch request without its last items, and how to put those into the answer. */
export interface LeftUnprocessed {
  /** Whether nothing remains to be sent. */
  readonly isEmpty: boolean
  /** The request to send. */
  readonly body: string
  /** The answer if nothing is sent. */
  readonly emptyAnswer: string
  /** The answer with the omitted items, as DynamoDB reports them. */
  report(answer: string): string
}

/**
 * Removes items or keys of the first table from a BatchWriteItem or BatchGetItem request.
 * @param which the number of last ones, or those whose JSON contains a text.
 */
export function leaveUnprocessed(body: string, which: number | string): LeftUnprocessed {
  const request = JSON.parse(body) as { RequestItems: Writes | Reads }
  const [table, entry] = Object.entries(request.RequestItems)[0] ?? ['', []]
  const isWrite = Array.isArray(entry)
  const all: readonly object[] = isWrite ? entry : entry.Keys
  const isLeft = (item: object, place: number): boolean =>
    typeof which === 'number' ? place >= all.length - which : JSON.stringify(item).includes(which)
  const left = all.filter(isLeft)
  const list = all.filter((item, place) => !isLeft(item, place))
  const members = isWrite
    ? { UnprocessedItems: { [table]: left } }
    : { UnprocessedKeys: { [table]: { ...entry, Keys: left } } }
  if (list.length === 0) delete request.RequestItems[table]
  else request.RequestItems[table] = isWrite ? list : { ...entry, Keys: list }
  return {
    isEmpty: Object.keys(request.RequestItems).length === 0,
    body: JSON.stringify(request),
    emptyAnswer: JSON.stringify(isWrite ? {} : { Responses: {} }),
    report: (answer) => JSON.stringify({ ...(JSON.parse(answer) as object), ...members }),
  }
}
