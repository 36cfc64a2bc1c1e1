import { parseArgs } from 'node:util'
import { MiyabiError } from '@miyabi/core'
import type { Plan } from './harness/result.js'
import { type SuiteName, suiteNames } from './suites/index.js'

export const help = `Compares the data layer with the raw drivers and the usual libraries, as time ratios within one run.

  pnpm bench [options]

  --suite <name>          ${suiteNames.join(', ')}; repeat it for several. Default: all.
  --workload <name>       Only this workload; repeat it for several.
  --concurrency <list>    Only these numbers of workers, for example 1,16.
  --quick                 A short run to check that everything works; its figures mean little.
  --json                  The result as JSON on stdout, instead of tables.
  --publish               Writes benchmarks/results/<suite>.json, and the page and plots made from it.
  --render                Measures nothing: renders docs/BENCHMARKS.md and its plots from the results.
  --help

Examples

  pnpm bench --suite postgres                         all of PostgreSQL, about ten minutes
  pnpm bench --workload select --concurrency 16       one table
  pnpm bench --quick                                  check that it runs
  pnpm bench --suite postgres --json > mine.json      figures of your own machine

The run starts its own servers and removes them at the end. Progress goes to stderr.
`

/** A command line that cannot be understood. */
export class UsageError extends MiyabiError<'benchmarks.usage'> {
  override readonly name = 'UsageError'

  constructor(problem: string) {
    super('benchmarks.usage', `${problem}. See \`pnpm bench --help\`.`)
  }
}

export interface Options {
  readonly help: boolean
  readonly suites: readonly SuiteName[]
  readonly workloads: readonly string[] | undefined
  readonly concurrency: readonly number[] | undefined
  readonly quick: boolean
  readonly json: boolean
  readonly publish: boolean
  readonly render: boolean
}

/**
 * The warm-up is long: the engine compiles what has run a thousand times, and would favour whoever has the least code.
 */
const whole: Plan = { rounds: 9, sliceMs: 200, warmUpMs: 1000, singleRounds: 15 }
const quick: Plan = { rounds: 2, sliceMs: 20, warmUpMs: 20, singleRounds: 2 }

export const planOf = (options: Pick<Options, 'quick'>): Plan => (options.quick ? quick : whole)

/** @throws {UsageError} for what it does not know. */
export function parseOptions(args: readonly string[]): Options {
  const { suite, workload, concurrency, ...flags } = parse(args)
  const suites = suite ?? suiteNames
  const stranger = suites.find((name) => !isSuite(name))
  if (stranger !== undefined)
    throw new UsageError(`Unknown suite "${stranger}"; expected one of: ${suiteNames.join(', ')}`)
  const isPartial = workload !== undefined || concurrency !== undefined
  if (flags.publish && (flags.quick || isPartial)) throw new UsageError('Only a complete run can be published')
  return {
    ...flags,
    suites: suites.filter(isSuite),
    workloads: workload,
    concurrency: concurrency?.split(',').map(toWorkers),
  }
}

function parse(args: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const
  try {
    return parseArgs({
      // pnpm hands its own separator on.
      args: args.filter((arg) => arg !== '--'),
      options: {
        help: flag,
        suite: { type: 'string', multiple: true },
        workload: { type: 'string', multiple: true },
        concurrency: { type: 'string' },
        quick: flag,
        json: flag,
        publish: flag,
        render: flag,
      },
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0] ?? 'The options cannot be parsed')
  }
}

const isSuite = (name: string): name is SuiteName => suiteNames.some((known) => known === name)

function toWorkers(text: string): number {
  const workers = Number(text)
  if (Number.isInteger(workers) && workers > 0) return workers
  throw new UsageError(`--concurrency ${text} is not a whole number above 0`)
}
