import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import type { ApplyMigrationsInput } from '@prisma/schema-engine-wasm'
import { toConnectError } from '../connection/connect-error.js'
import { parseTarget, type Target } from '../connection/target.js'
import { MigrationError } from '../errors/migration-error.js'
import { PrismaError } from '../errors/prisma-error.js'
import { ShadowDatabases, wipe } from '../scratch/shadow.js'
import type { Run } from '../script/run.js'
import { offlineAdapter } from './offline.js'
import { checkPending } from './pending.js'
import { Session } from './session.js'

/** A placeholder when there is no database: nothing listens there. */
const NOWHERE = 'postgresql://none@127.0.0.1:1/none'

/** What the engine connects through: the database itself, and a shadow database, created or configured. */
export class Connections implements SqlMigrationAwareDriverAdapterFactory {
  readonly provider = 'postgres'
  readonly adapterName = '@prisma/adapter-pg'
  readonly shadows: ShadowDatabases
  private readonly target: Target
  private readonly isNowhere: boolean
  private readonly shadowUrl: string | undefined
  private readonly run: Run

  /** @param url of the database; undefined if the command (a `diff` of two files) needs none. */
  constructor(url: string | undefined, shadowUrl: string | undefined, run: Run) {
    this.target = parseTarget(url ?? NOWHERE)
    this.isNowhere = url === undefined
    this.shadowUrl = shadowUrl
    this.run = run
    this.shadows = new ShadowDatabases(this.target)
  }

  async connect(): Promise<SqlDriverAdapter> {
    return this.isNowhere ? offlineAdapter() : await Session.open(this.target, this.run)
  }

  /** Refuses pending migrations that could not be applied as a whole. */
  async checkPending(input: ApplyMigrationsInput): Promise<void> {
    await checkPending(this.target, input).catch((error: unknown) => {
      this.run.hostFailure =
        error instanceof MigrationError ? new PrismaError(undefined, error.message) : toConnectError(error, this.target)
      throw this.run.hostFailure
    })
  }

  async connectToShadowDb(): Promise<SqlDriverAdapter> {
    try {
      return this.shadowUrl === undefined ? await this.createShadow() : await this.openShadow(this.shadowUrl)
    } catch (error) {
      this.run.hostFailure ??= toConnectError(error, this.target)
      throw this.run.hostFailure
    }
  }

  private async createShadow(): Promise<SqlDriverAdapter> {
    const shadow = await this.run.interruptible(
      async () => {},
      () => this.shadows.create(),
    )
    const session = await Session.open(shadow, this.run)
    const close = session.dispose.bind(session)
    session.dispose = async () => {
      await close()
      await this.shadows.drop(shadow.database)
    }
    return session
  }

  private async openShadow(url: string): Promise<SqlDriverAdapter> {
    const shadow = parseTarget(url)
    const { host, port, database } = this.target
    if (shadow.host === host && shadow.port === port && shadow.database === database) {
      throw new PrismaError(
        'P3014',
        'The shadow database you configured appears to be the same as the main database. Please specify another shadow database.',
      )
    }
    try {
      await wipe(shadow)
    } catch (error) {
      throw toConnectError(error, shadow)
    }
    return Session.open(shadow, this.run)
  }
}
