import type { Suite } from '../harness/workload.js'
import type { Servers } from '../servers/servers.js'

/** How a suite is to run. */
export interface OpenOptions {
  /** Whether a small preparation will do. */
  readonly quick: boolean
  /** Hears what is under way, where that takes long. */
  readonly onProgress: (text: string) => void
  /** Hears of libraries that take no part, and why. */
  readonly onLeftOut: (reason: string) => void
}

/** A suite as it is declared: what it needs is opened only when it runs. */
export interface SuiteDeclaration {
  readonly title: string
  /** What a reader of the figures must know that no table says. Markdown. */
  readonly notes?: string
  /** Packages whose versions belong to the result. */
  readonly packages: readonly string[]
  readonly open: (servers: Servers, options: OpenOptions) => Promise<Suite>
}
