import type { Contender, Workload } from '../../harness/workload.js'
import type { Contestants } from './contestants.js'
import type { NewLog } from './model.js'
import type { PostgresPeer } from './peers/peer.js'
import { copyLogs } from './peers/pg-copy.js'
import type { Seeded } from './seed.js'

const CONCURRENCY = [1, 16, 64]
const PAGE = 100
const BULK = 1000
const LARGE_BULK = 10_000
/** Spreads turns over the rows; prime, so that every row has its turn. */
const STRIDE = 7919

/** What an application does with rows. `emptyLogs` and `removeUsage` put back what the inserts changed. */
export function queryWorkloads(
  { pgPool, stock, ours, peers }: Contestants,
  { pluginIds, userIds, usageEventIds }: Seeded,
  { emptyLogs, removeUsage }: { readonly emptyLogs: () => Promise<void>; readonly removeUsage: () => Promise<void> },
): Workload[] {
  const pick = (ids: readonly string[], turn: number): string => ids[(turn * STRIDE) % ids.length] ?? ''
  const bulk = (turn: number, length: number = BULK): NewLog[] =>
    Array.from({ length }, (_, index) => newLog(turn + index))
  const all = (run: (peer: PostgresPeer, turn: number) => Promise<unknown>): [Contender, ...Contender[]] => {
    const contender = (peer: PostgresPeer): Contender => ({ name: peer.name, run: (turn) => run(peer, turn) })
    const [base, ...others] = peers
    return [contender(base), ...others.map(contender)]
  }
  const findFirst = (prisma: typeof stock) => (turn: number) =>
    prisma.plugin.findFirst({ where: { id: pick(pluginIds, turn) } })

  return [
    {
      name: 'select',
      about:
        "One plugin, all 22 columns, by its key. Prisma's findUnique merges the calls of one tick into one statement, which workers in lock-step flatter; findFirst does not.",
      concurrency: CONCURRENCY,
      contenders: [
        ...all((peer, turn) => peer.findPlugin(pick(pluginIds, turn))),
        { name: 'Prisma, findFirst', run: findFirst(stock) },
        { name: 'ours: prisma, findFirst', run: findFirst(ours.prisma) },
      ],
    },
    {
      name: 'relations',
      about:
        'One plugin with its author and its ten reviews. pg, postgres, Drizzle and Kysely let the server build JSON in one statement (all but Drizzle return instants in it as text); Prisma sends three statements.',
      concurrency: CONCURRENCY,
      contenders: all((peer, turn) => peer.findPluginWithRelations(pick(pluginIds, turn))),
    },
    {
      name: 'insert',
      about: 'One row of `logs`, returned as stored.',
      concurrency: CONCURRENCY,
      contenders: all((peer, turn) => peer.insertLog(newLog(turn))),
      comparable: (row) => ({ ...(row as object), id: undefined, createdAt: undefined }),
      reset: emptyLogs,
    },
    {
      name: 'page',
      about: `The ${PAGE} usage events after a key, of 10,000.`,
      concurrency: CONCURRENCY,
      contenders: all((peer, turn) => peer.pageOfUsage(pick(usageEventIds, turn), PAGE)),
    },
    {
      name: 'transaction',
      about:
        'Insert a usage event, count a download, read the plugin, in one interactive transaction. Ours retries it automatically if the server requires that.',
      concurrency: CONCURRENCY,
      contenders: all((peer, turn) =>
        peer.recordUsage({ userId: pick(userIds, turn), pluginId: pick(pluginIds, turn) }),
      ),
      reset: removeUsage,
    },
    {
      name: 'bulk',
      about: `${BULK.toLocaleString('en')} rows of \`logs\` in one call. The base is COPY; pg and our pool send three arrays to \`unnest\`, our createMany does the same automatically, the others send one statement of many values.`,
      concurrency: [1, 16],
      contenders: [
        { name: 'pg, COPY', run: (turn) => copyLogs(pgPool, bulk(turn)) },
        ...all((peer, turn) => peer.insertLogs(bulk(turn))),
      ],
      reset: emptyLogs,
    },
    {
      name: 'large bulk',
      about: `${LARGE_BULK.toLocaleString('en')} rows of \`logs\` in one call, for contenders that accept that many.`,
      concurrency: [1],
      contenders: [
        { name: 'pg, COPY', run: (turn) => copyLogs(pgPool, bulk(turn, LARGE_BULK)) },
        ...all((peer, turn) => peer.insertLogs(bulk(turn, LARGE_BULK))).filter(({ name }) =>
          TAKES_LARGE_BULK.has(name),
        ),
        {
          name: 'ours: prisma, returning',
          run: async (turn) => (await ours.prisma.log.createManyAndReturn({ data: bulk(turn, LARGE_BULK) })).length,
        },
      ],
      reset: emptyLogs,
    },
  ]
}

const TAKES_LARGE_BULK: ReadonlySet<string> = new Set(['pg', 'ours: prisma', 'ours: pool'])

function newLog(turn: number): NewLog {
  return {
    level: 'info',
    message: `step ${turn} of the run is done`,
    data: { run: turn, step: 'deploy', tags: ['agent', 'deployment'] },
  }
}
