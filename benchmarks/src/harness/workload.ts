/** One way to do a workload's operation. */
export interface Contender {
  readonly name: string
  /** One operation. `turn` counts up, so that rows vary; the same turn gives the same result for every contender. */
  readonly run: (turn: number) => Promise<unknown>
  /** The read units that DynamoDB has counted for it so far, where they are of interest. */
  readonly readUnits?: () => number
  /** How many of its results so far were older than what their caller had written before, if that is counted. */
  readonly stale?: () => number
  /** Makes ready for a slice; not timed. */
  readonly before?: () => Promise<void>
  /** Tidies up after a slice; not timed. */
  readonly after?: () => Promise<void>
}

/** An operation, and those who compete in it. */
export interface Workload {
  /** Names it on the command line and in the results. */
  readonly name: string
  /** What is done, and what a reader must know to judge the figures. */
  readonly about: string
  /** How many closed-loop workers call at the same time; each number makes a table. */
  readonly concurrency: readonly number[]
  /** The first is the base of all ratios; it runs under a second name too, which shows the noise. */
  readonly contenders: readonly [Contender, ...Contender[]]
  /** Timed one operation a slice: for what takes so long, or needs tidying after each. */
  readonly single?: boolean
  /** The part of a result that must be equal for all contenders. Default: all of it. */
  readonly comparable?: (result: unknown) => unknown
  /** Puts the data back as they were; before each table. */
  readonly reset?: () => Promise<void>
}

/** Some workloads over one preparation. */
export interface Suite extends AsyncDisposable {
  readonly workloads: readonly Workload[]
}
