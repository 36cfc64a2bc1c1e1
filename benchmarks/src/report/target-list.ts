/** A figure to reach. */
export interface Target {
  readonly suite: string
  readonly claim: string
  readonly workload: string
  readonly contender: string
  /** What it is a ratio to; where left out, the target is a time in milliseconds. */
  readonly against?: string
  /**
   * What the ratio is of: the client's CPU, or the read units counted; `p99` is no ratio but how many milliseconds more
   * the slowest hundredth of the calls took. Default: time.
   */
  readonly measure?: 'time' | 'cpu' | 'readUnits' | 'p99'
  readonly atMost: number
  /** Counts at these numbers of workers only. Default: all. */
  readonly concurrency?: readonly number[]
  /** Why it is not met, while it is not. */
  readonly obstacle?: string
}

const pointOperation = {
  suite: 'dynamo',
  contender: 'ours',
  against: 'ElectroDB',
  atMost: 1.1,
  concurrency: [1, 16],
  obstacle:
    'each call has a deadline, a slot among the connections, counted attempts and counted capacity. Together with the SDK, which assembles its middleware for every request, that costs about 100 µs of CPU, beside the 600 and more that ElectroDB and the SDK take. Only a client below the SDK could avoid it.',
}

const ingest = {
  suite: 'dynamo',
  workload: 'ingest',
  contender: 'ours: writer',
  against: 'lib-dynamodb',
  atMost: 0.3,
  concurrency: [64, 256],
}

const grown = { suite: 'dynamo-size', contender: 'grown table', against: 'small table' }

const prismaRead = { suite: 'postgres', contender: 'ours: prisma', against: 'pg' }

const identity = { suite: 'rls', against: 'pg, no identity' }

const WRITES_ARE_PRISMAS =
  "reads are compiled, writes are not: everything above 1.2 is Prisma's own JavaScript, about 150 µs per call."

const withEffects = { suite: 'outbox', workload: 'transaction', against: 'no effects', concurrency: [1] }

/** Four fifths of the base's throughput. */
const FOUR_FIFTHS = 1.25

const consumer = { suite: 'outbox', workload: 'stream', against: 'GetRecords', atMost: FOUR_FIFTHS }

const start = { suite: 'start' }

const againstStock = { ...start, against: 'Prisma', atMost: 1.1 }

/** What this data layer wants to reach, against the best there is. */
export const targets: readonly Target[] = [
  {
    suite: 'postgres',
    claim: 'Validating a pooled connection at acquire, against the same pool without validation',
    workload: 'validation',
    contender: 'ours: pool',
    against: 'ours: pool, untested',
    atMost: 1.1,
  },
  {
    suite: 'postgres',
    claim: 'The same against pg, which never tests',
    workload: 'validation',
    contender: 'ours: pool',
    against: 'pg',
    atMost: 1.1,
    obstacle:
      'the test is not the cost (see the pool without it): our pool keeps track of which callers wait and which hold a connection, some microseconds per acquire.',
  },
  {
    ...prismaRead,
    claim: 'A read through the Prisma API, against prepared pg',
    workload: 'select',
    contender: 'ours: prisma, findFirst',
    atMost: 1.5,
    concurrency: [16, 64],
  },
  {
    ...prismaRead,
    claim: 'Client CPU of the same',
    workload: 'select',
    contender: 'ours: prisma, findFirst',
    measure: 'cpu',
    atMost: 1.1,
    concurrency: [16, 64],
    obstacle:
      'the difference to `ours: pool` is the front of the Prisma client, a promise that starts when it is awaited and a proxy for fluent calls: about 10 µs. The difference from there to pg is the bookkeeping of the pool.',
  },
  { ...prismaRead, claim: 'A read by key, 16 at a time', workload: 'select', atMost: 1.1, concurrency: [16] },
  { ...prismaRead, claim: 'A read by key, 64 at a time', workload: 'select', atMost: 0.7, concurrency: [64] },
  { ...prismaRead, claim: 'A page of 100', workload: 'page', atMost: 1 },
  {
    ...prismaRead,
    claim: 'A row with two relations, against one statement of JSON',
    workload: 'relations',
    atMost: 1.6,
    concurrency: [1],
  },
  { ...prismaRead, claim: 'The same, 16 at a time', workload: 'relations', atMost: 2.3, concurrency: [16] },
  {
    suite: 'postgres',
    claim: '1,000 rows in one call of the Prisma API, against COPY',
    workload: 'bulk',
    contender: 'ours: prisma',
    against: 'pg, COPY',
    atMost: 1.2,
    obstacle:
      'the rows travel as arrays, at the cost of COPY; the rest is that Prisma keeps no plan of `createMany`, and compiles one per call.',
  },
  {
    suite: 'postgres',
    claim: '10,000 rows in one call of the Prisma API, against COPY',
    workload: 'large bulk',
    contender: 'ours: prisma',
    against: 'pg, COPY',
    atMost: 1.2,
  },
  {
    suite: 'postgres',
    claim: 'One of 64 concurrent single inserts, against the best peer',
    workload: 'insert',
    contender: 'ours: pool',
    against: 'postgres',
    atMost: 0.25,
    concurrency: [64],
    obstacle:
      'each insert is a separate statement. A writer that combines concurrent inserts into one statement would be needed.',
  },
  { ...pointOperation, claim: 'A DynamoDB get, against ElectroDB', workload: 'get' },
  { ...pointOperation, claim: 'A DynamoDB put, against ElectroDB', workload: 'put' },
  { ...pointOperation, claim: 'A DynamoDB update, put and delete, against ElectroDB', workload: 'update' },
  { ...pointOperation, claim: 'A DynamoDB query of 50, against ElectroDB', workload: 'query' },
  { ...pointOperation, claim: 'A DynamoDB transaction of two puts, against ElectroDB', workload: 'transaction' },
  {
    ...pointOperation,
    claim: 'A DynamoDB batch of 25, against ElectroDB',
    workload: 'batch',
    obstacle: 'each event is validated, and has its own outcome: about 25 µs.',
  },
  {
    ...ingest,
    claim: 'Ingest of concurrent single events, against single puts of lib-dynamodb',
    obstacle:
      'the embedded engine writes one item after another, in a batch too: the rest is mostly its time. The next row has the client alone.',
  },
  {
    ...ingest,
    claim: 'Client CPU of the same',
    measure: 'cpu',
    obstacle:
      "of about 140 µs per event a third is the SDK's marshalling and JSON, and a fifth is the creation of keys by ElectroDB; the rest is the validation of the event, its own deadline, and garbage collection.",
  },
  ...['events of a type', 'events of a user', 'undelivered messages'].map(
    (workload): Target => ({
      ...grown,
      claim: `Read units of a page, in a table a thousand times as large: ${workload}`,
      workload,
      measure: 'readUnits',
      atMost: 1,
    }),
  ),
  ...['own row', 'own page', 'own insert'].flatMap((workload): Target[] => [
    {
      ...identity,
      claim: `SQL with an identity, against none: ${workload}`,
      workload,
      contender: 'ours: query',
      atMost: 1.15,
      obstacle:
        'it is an additional statement in the same round trip, about 8 µs on the server and 6 on the client, and whatever the policies of the tables look up: whether the user exists, whether they are an admin.',
    },
    {
      ...identity,
      claim: `The Prisma API with an identity: ${workload}`,
      workload,
      contender: 'ours: prisma',
      ...(workload === 'own insert' ? { atMost: 2.2, obstacle: WRITES_ARE_PRISMAS } : { atMost: 1.6 }),
    },
    {
      ...identity,
      claim: `SQL with an identity, 10 ms away, with no extra round trip: ${workload}`,
      workload: `${workload}, far`,
      contender: 'ours: query',
      atMost: 1.15,
    },
  ]),
  ...[
    {
      contender: 'ten effects',
      claim: 'A transaction with ten effects, against the same without effects',
      atMost: 1.6,
    },
    { contender: 'ten effects with keys', claim: 'A transaction with ten effects that have keys', atMost: 2 },
  ].flatMap((target): Target[] => [
    { ...withEffects, ...target },
    { ...withEffects, ...target, claim: 'Client CPU of the same', measure: 'cpu' },
  ]),
  {
    suite: 'outbox',
    claim: 'Events through the outbox, delivered by one relay, against `events.appendMany`',
    workload: 'relay',
    contender: 'relay',
    against: 'events.appendMany',
    atMost: FOUR_FIFTHS,
  },
  {
    suite: 'outbox',
    claim: 'p99 of an effect that a relay of the same process delivers, beyond that of a direct append',
    workload: 'commit to effect',
    contender: 'effect by a relay',
    against: 'direct append',
    measure: 'p99',
    atMost: 3,
  },
  {
    ...consumer,
    claim: 'Stream records to a handler that does nothing, against GetRecords and its items',
    contender: 'consumer',
  },
  {
    ...consumer,
    claim: 'The same, against answers that are not converted to items',
    contender: 'consumer',
    against: 'GetRecords, answers as they are',
    obstacle:
      'the rest is mostly the time of the SDK and ElectroDB to convert the answers to items: see the base of the table.',
  },
  { ...consumer, claim: 'Stream records to the usage projection', contender: 'consumer: usage' },
  { ...start, claim: 'Embedded stack, cold', workload: 'embedded stack', contender: 'cold', atMost: 400 },
  { ...start, claim: 'Embedded stack, warm', workload: 'embedded stack', contender: 'warm', atMost: 100 },
  { ...start, claim: 'Another test database', workload: 'test database', contender: 'made ahead', atMost: 50 },
  {
    ...againstStock,
    claim: 'Importing `@miyabi/db`, against the generated client, its adapter and pg',
    workload: 'import',
    contender: 'ours: @miyabi/db',
  },
  ...['ours: createPostgres', 'ours: DatabaseContext'].map(
    (contender): Target => ({
      ...againstStock,
      claim: `From process start to the first query, against stock Prisma: ${contender.slice('ours: '.length)}`,
      workload: 'first query',
      contender,
    }),
  ),
  ...['ours: me.replica', 'ours: me.replica, token'].map(
    (contender): Target => ({
      suite: 'replicas',
      claim: `A read from a replica, against the same read without the check: ${contender.slice('ours: '.length)}`,
      workload: 'own row of a replica',
      contender,
      against: 'replica, no check',
      atMost: 1.15,
    }),
  ),
  {
    suite: 'observe',
    claim: 'A thousand statements reported to metrics and the slow log, in milliseconds: 1 µs each',
    workload: 'hook',
    contender: 'metrics and slow log',
    atMost: 1,
  },
]
