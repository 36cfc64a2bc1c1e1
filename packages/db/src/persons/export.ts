import { stringifyJson } from '@miyabi/core'
import type { DynamoOnDemand } from '@miyabi/dynamo/on-demand'
import { parseExactly, plain } from './json.js'
import type { Subject } from './mark.js'
import { placesOf, rowsOf } from './pages.js'
import { readAgents, readPerson, type Service } from './person.js'

export interface ExportOptions {
  /**
   * Names under which the application has written about the person in DynamoDB, besides their id, addresses and user
   * name: a session that messages went to, a previous name.
   */
  readonly alsoKnownAs?: readonly string[]
  readonly signal?: AbortSignal
}

/** One row or item of a person. */
export interface PersonalItem {
  /** `postgres.` and the table, or `dynamodb.` and `events`, `agentState` or `messages`. */
  readonly place: string
  /** Plain JSON: bigints, decimals and times are strings, bytes base64. */
  readonly item: unknown
}

/** What needs both stores, as the service. */
export interface PersonHost {
  readonly service: Service
  readonly dynamodb: Pick<DynamoOnDemand, 'persons'>
}

/** Everything that both stores hold of a person, a page at a time. */
export async function* exportPerson(
  { service, dynamodb }: PersonHost,
  subject: Subject,
  { alsoKnownAs = [], signal }: ExportOptions,
): AsyncGenerator<PersonalItem> {
  signal?.throwIfAborted()
  const person = await readPerson(service, subject, alsoKnownAs)
  const agents = await readAgents(service, person)
  for (const place of placesOf(subject.kind)) {
    for await (const row of rowsOf(service, person, place)) {
      signal?.throwIfAborted()
      yield { place: `postgres.${place.table}`, item: parseExactly(row) }
    }
  }
  for await (const { table, item } of dynamodb.persons.items({ ...person, agents }, { signal }))
    yield { place: `dynamodb.${table}`, item: plain(item) }
}

/**
 * Returns items as lines of JSON, each with its line break, ready to write to a file or a response.
 *
 * ```ts
 * await pipeline(jsonLines(db.export({ userId })), createWriteStream('person.jsonl'))
 * ```
 */
export async function* jsonLines(items: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const item of items) yield `${stringifyJson(item)}\n`
}
