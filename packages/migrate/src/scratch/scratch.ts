import type pg from 'pg'
import { toConnectError } from '../connection/connect-error.js'
import type { Target } from '../connection/target.js'
import { MigrationError } from '../errors/migration-error.js'
import { PrismaError } from '../errors/prisma-error.js'
import type { ShadowDatabases } from './shadow.js'

/** A database for testing migrations, on the server of a URL. It is dropped when the work on it has ended. */
export interface ScratchDatabase {
  readonly target: Target
  /** Runs `work` on a separate connection, which the signal closes. */
  use<T>(work: (client: pg.Client) => Promise<T>, signal?: AbortSignal): Promise<T>
  /** A copy, including rows. No connection may be open meanwhile. */
  copy(): Promise<ScratchDatabase>
  drop(): Promise<void>
}

/**
 * Creates scratch databases on the server of a target, and drops those that are left in the end. The code that connects
 * to the server is loaded when the first one is created.
 */
export class ScratchServer implements AsyncDisposable {
  private readonly target: Target
  private shadows: ShadowDatabases | undefined

  constructor(target: Target) {
    this.target = target
  }

  /**
   * A database as Prisma finds it before the first migration: empty except for the history.
   * @throws {MigrationError} `migrate.scratch_denied` if the login may not create databases.
   * @throws {PrismaError} `migrate.engine` if the server cannot be reached, or refuses the login.
   */
  async create(): Promise<ScratchDatabase> {
    const { createHistory } = await import('../history/history.js')
    const scratch = await this.make()
    await scratch.use((client) => client.query(createHistory(scratch.target.schema)))
    return scratch
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shadows?.dropAll()
  }

  private async make(template?: string): Promise<ScratchDatabase> {
    const { ShadowDatabases } = await import('./shadow.js')
    const { withClient } = await import('../connection/client.js')
    this.shadows ??= new ShadowDatabases(this.target)
    const { shadows } = this
    const target = await shadows.create(template).catch((error: unknown) => {
      throw error instanceof PrismaError ? denied(error) : toConnectError(error, this.target)
    })
    return {
      target,
      use: (work, signal) => withClient(target.config, work, signal),
      copy: () => this.make(target.database),
      drop: () => shadows.drop(target.database),
    }
  }
}

function denied(cause: PrismaError): MigrationError {
  return new MigrationError(
    'migrate.scratch_denied',
    'The check works in scratch databases, but this login may not create databases',
    {
      details: {},
      cause,
      remedy:
        'grant it the right (ALTER ROLE ... CREATEDB), or check on another server, with DIRECT_DATABASE_URL of a login that has it',
    },
  )
}
