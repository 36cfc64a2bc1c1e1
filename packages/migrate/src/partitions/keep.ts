import { PartitionError } from './errors.js'

/** The retention time of tables, by the table's name: `{ logs: '90d', usage_events: '13 months' }`. */
export type Keep = Readonly<Record<string, string>>

const DAYS = { d: 1, day: 1, w: 7, week: 7 } as const
const MONTHS = { month: 1, y: 12, year: 12 } as const

/**
 * The moment before which rows of a table may be dropped.
 * @throws {PartitionError} `migrate.partitions.keep_invalid`
 */
export function keptSince(table: string, text: string, now: Date): Date {
  const [, count = '', unit = ''] = /^(\d{1,5}) ?(d|day|w|week|month|y|year)s?$/.exec(text) ?? []
  const since = new Date(now)
  if (unit in DAYS) since.setUTCDate(since.getUTCDate() - Number(count) * DAYS[unit as keyof typeof DAYS])
  else {
    since.setUTCMonth(since.getUTCMonth() - Number(count) * MONTHS[unit as keyof typeof MONTHS])
    if (since.getUTCDate() !== now.getUTCDate()) since.setUTCDate(0) // no February 30
  }
  if (Number(count) > 0 && !Number.isNaN(since.getTime())) return since
  throw new PartitionError('migrate.partitions.keep_invalid', `${text} is not a valid retention time for ${table}`, {
    details: { table, found: text },
    remedy: 'write a whole number and d, w, month or y, such as logs=90d or usage_events=13months',
  })
}

/**
 * Reads `logs=90d,execution_logs=90d`.
 * @throws {PartitionError} `migrate.partitions.keep_invalid`, also for a table that is named twice.
 */
export function parseKeep(text: string): Keep {
  const keep: Record<string, string> = {}
  for (const part of text.split(',').map((each) => each.trim())) {
    const [, table = '', time = ''] = /^([a-z_][a-z0-9_]*)=(.+)$/.exec(part) ?? []
    if (table === '' || table in keep)
      throw new PartitionError(
        'migrate.partitions.keep_invalid',
        `${part || 'an empty entry'} does not define the retention time of a table exactly once`,
        {
          details: { found: part },
          remedy: 'write each table once, separated by commas: logs=90d,execution_logs=90d',
        },
      )
    keptSince(table, time, new Date())
    keep[table] = time
  }
  return keep
}
