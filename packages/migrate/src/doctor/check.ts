import type { Finding } from '@miyabi/core'
import type pg from 'pg'
import type { Target } from '../connection/target.js'

/** A group of checks on a database. */
export interface DatabaseCheck {
  readonly name: string
  /** What it checks for, for display. */
  readonly looksFor: string
  run(client: pg.Client, context: CheckContext): Promise<Finding[]>
}

/** What a check may need besides the database. */
export interface CheckContext {
  /** The migrator's database; its schema is the one that Prisma uses. */
  readonly target: Target
  /** The folder of the migrations, `prisma/migrations`. */
  readonly migrations: string
  readonly signal?: AbortSignal | undefined
}
