import type { NewLog, NewUsageEvent } from '../model.js'

/** A row, or none. */
type Row = Promise<object | null | undefined>

/** Everything the workloads ask of a library; each does it the way its own documentation recommends. */
export interface PostgresPeer {
  readonly name: string
  findPlugin(id: string): Row
  /** The plugin, its author and its ten reviews. */
  findPluginWithRelations(id: string): Row
  /** Gives the row as it was stored. */
  insertLog(log: NewLog): Row
  /** Gives the number of rows inserted. */
  insertLogs(logs: readonly NewLog[]): Promise<number>
  /** Inserts a usage event, counts a download, reads the plugin: in one interactive transaction. */
  recordUsage(usage: NewUsageEvent): Row
  /** The events after an id. */
  pageOfUsage(afterId: string, limit: number): Promise<readonly object[]>
}
