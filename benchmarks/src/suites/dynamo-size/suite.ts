import type { Dynamo } from '@miyabi/dynamo'
import type { Contender, Suite } from '../../harness/workload.js'
import type { Servers } from '../../servers/servers.js'
import type { OpenOptions } from '../suite.js'
import { recipientsOf, type Sizes, USERS } from './export.js'
import { openSizedTables } from './tables.js'

const PAGE = 50
const WHOLE: Sizes = { small: 1000, grown: 1_000_000 }
const QUICK: Sizes = { small: 1000, grown: 5000 }

/** The same page from a small table and from one that has grown a thousand times as large. */
export async function openDynamoSizeSuite(
  { dynamodbEndpoint }: Servers,
  { quick, onProgress }: OpenOptions,
): Promise<Suite> {
  const sizes = quick ? QUICK : WHOLE
  const tables = await openSizedTables(dynamodbEndpoint, sizes, onProgress)
  const contender = (name: string, dynamo: Dynamo, read: (dynamo: Dynamo, turn: number) => Promise<unknown>) =>
    ({
      name,
      run: (turn) => read(dynamo, turn),
      readUnits: () => dynamo.stats().capacity.reduce((sum, { readUnits }) => sum + readUnits, 0),
    }) satisfies Contender
  const both = (
    read: (dynamo: Dynamo, turn: number) => Promise<{ readonly items: readonly unknown[] }>,
  ): [Contender, Contender] => [
    contender('small table', tables.small, async (dynamo, turn) => (await read(dynamo, turn)).items),
    contender('grown table', tables.grown, async (dynamo, turn) => (await read(dynamo, turn)).items),
  ]
  const small = sizes.small.toLocaleString('en')
  const grown = sizes.grown.toLocaleString('en')
  const concurrency = [1, 16]
  return {
    workloads: [
      {
        name: 'events of a type',
        about: `The latest ${PAGE} events of a type, from its four shards: in a table where the type has ${small} events, and where it has ${grown}, of which the latest are the same. The engine holds these tables in memory.`,
        concurrency,
        contenders: both(({ events }) => events.byType('webhook', { limit: PAGE })),
      },
      {
        name: 'events of a user',
        about: `The latest ${PAGE} events of one of ${USERS} users, from the index of the same tables.`,
        concurrency,
        contenders: both(({ events }, turn) => events.byUser(`user-${turn % USERS}`, { limit: PAGE })),
      },
      {
        name: 'undelivered messages',
        about: `The first ${PAGE} of a recipient's undelivered messages, strongly consistent: where ${small} wait for ${recipientsOf(sizes.small)} recipients, and where ${grown} wait for ${recipientsOf(sizes.grown).toLocaleString('en')}.`,
        concurrency,
        contenders: both(({ messages }, turn) =>
          messages.undelivered(`user-${turn % recipientsOf(sizes.small)}`, { limit: PAGE }),
        ),
      },
    ],
    [Symbol.asyncDispose]: () => tables[Symbol.asyncDispose](),
  }
}
