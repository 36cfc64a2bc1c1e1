/** What a contender took in one table. */
export interface ContenderResult {
  readonly contender: string
  /**
   * Milliseconds an operation took, for each round: the slice's duration by the operations done in it, whoever did
   * them.
   */
  readonly roundsMs: readonly number[]
  /** Microseconds of this process's CPU an operation took, for each round. */
  readonly roundsCpuUs: readonly number[]
  /** Read units an operation consumed, for each round, where they are counted. */
  readonly roundsReadUnits?: readonly number[]
  /** The share of results that were older than what their caller had written, from 0 to 1, if that is counted. */
  readonly staleShare?: number
  /** What one caller waited for one operation, in microseconds. */
  readonly latencyUs: { readonly p50: number; readonly p99: number }
  /** Operations that failed, and the first failure's message. */
  readonly errors: number
  readonly firstError?: string
}

/** One workload at one concurrency. */
export interface TableResult {
  readonly workload: string
  readonly about: string
  readonly concurrency: number
  readonly single: boolean
  /** The base of the ratios, and the name under which the same code ran once more. */
  readonly base: string
  readonly twin: string
  readonly contenders: readonly ContenderResult[]
}

/** A run of a suite: what is written to a file, and all that the pages are made from. */
export interface SuiteResult {
  readonly suite: string
  readonly measuredOn: string
  readonly quick: boolean
  readonly machine: Machine
  /** Of each package compared, and of the servers. */
  readonly versions: Readonly<Record<string, string>>
  readonly plan: Plan
  readonly tables: readonly TableResult[]
}

/** Where it ran, without saying whose machine it is. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly platform: string
  readonly node: string
  /** Processes that wanted a core in the minute before; what is above the number of cores had to wait. */
  readonly load: number
}

/** How much is measured. */
export interface Plan {
  readonly rounds: number
  /** How long a contender runs in a round. */
  readonly sliceMs: number
  /** 0 where nobody is to warm up. */
  readonly warmUpMs: number
  /** Rounds of workloads that are timed one operation a slice. */
  readonly singleRounds: number
}
