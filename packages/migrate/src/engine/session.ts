import { PrismaPg } from '@prisma/adapter-pg'
import {
  type ColumnType,
  ColumnTypeEnum,
  type ConnectionInfo,
  DriverAdapterError,
  type IsolationLevel,
  type SqlDriverAdapter,
  type SqlQuery,
  type SqlResultSet,
  type Transaction,
} from '@prisma/driver-adapter-utils'
import pg from 'pg'
import { withClient } from '../connection/client.js'
import { toConnectError } from '../connection/connect-error.js'
import type { Target } from '../connection/target.js'
import { MigrationError } from '../errors/migration-error.js'
import { PrismaError } from '../errors/prisma-error.js'
import { PRISMA_LOCK, waitForMigrationLock } from '../history/migration-lock.js'
import { assertDriver, backendIdOf } from '../internals/pg.js'
import type { Run, ServerError } from '../script/run.js'
import { applyLimits, queryWhole, resetSession } from '../script/run-script.js'
import { asOneTransaction, checkPlain } from '../script/whole.js'
import { inTurn } from './server-turn.js'

/** `pg_catalog."char"`, which the introspection queries read and the adapter does not support. */
const CHAR_OID = 18
const BPCHAR_OID = 1042

/** How the engine serializes two deploys. It gives up after 10 s. */
const LOCK_STATEMENT = `SELECT pg_advisory_lock(${PRISMA_LOCK})`

/** "active SQL transaction" is the closest SQLSTATE of the server. */
const LEFT_OPEN: ServerError = {
  code: '25001',
  message: 'the script leaves a transaction open: it has a BEGIN without a COMMIT',
  detail: 'Everything after the BEGIN has been rolled back.',
  hint: 'Remove the BEGIN: a script already is one transaction.',
}

/**
 * Prisma's adapter over exactly one server session, with three repairs that migrations need:
 *
 * - one session for everything: the advisory lock, the search path and a script's transaction belong to a session, and
 *   a pool replaces its session after every failed query;
 * - a script goes to the server as a whole, as one simple query. The adapter splits it at every `;`, which breaks `$$`
 *   bodies, and sends the pieces one by one, which leaves half a migration behind when one fails;
 * - columns of type "char".
 */
export class Session implements SqlDriverAdapter {
  readonly provider = 'postgres'
  readonly adapterName: string
  private readonly client: pg.Client
  private readonly adapter: SqlDriverAdapter
  private readonly target: Target
  private readonly run: Run
  private charColumns: readonly number[] = []

  private constructor(client: pg.Client, adapter: SqlDriverAdapter, target: Target, run: Run) {
    this.client = client
    this.adapter = adapter
    this.adapterName = adapter.adapterName
    this.target = target
    this.run = run
  }

  /**
   * Connects.
   * @throws {PrismaError} P1000, P1001, P1003 ... also recorded on `run`, because the WebAssembly keeps only "external
   * error".
   */
  static async open(target: Target, run: Run): Promise<Session> {
    assertDriver()
    const client = new pg.Client(target.config)
    client.on('error', () => {}) // a connection that breaks fails its query; without a listener it would end the process
    try {
      await client.connect()
    } catch (error) {
      run.hostFailure = toConnectError(error, target)
      throw run.hostFailure
    }
    // PrismaPg requires a pool. This one never connects: all its queries go to the session.
    const pool = new pg.Pool({ max: 1 })
    const adapter = await new PrismaPg(pool, { schema: target.schema }).connect()
    const session = new Session(client, adapter, target, run)
    pool.query = ((config: pg.QueryArrayConfig) => session.query(config)) as typeof pool.query
    return session
  }

  async queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    const result = await this.adapter.queryRaw(query)
    const columnTypes: ColumnType[] = result.columnTypes.map((type, index) =>
      this.charColumns.includes(index) ? ColumnTypeEnum.Character : type,
    )
    return { ...result, columnTypes }
  }

  async executeRaw(query: SqlQuery): Promise<number> {
    if (this.run.method === 'dbExecute') {
      await this.executeScript(query.sql) // the one method whose script comes this way
      return 0
    }
    if (query.sql !== LOCK_STATEMENT) return await this.adapter.executeRaw(query)
    await this.run.interruptible(
      async () => {}, // checked between two queries
      async () => {
        const held = await waitForMigrationLock(this.client, () => this.run.interruptedBy === undefined)
        if (!held) throw new Error('Interrupted while another migration was running')
      },
    )
    return 1
  }

  /**
   * Runs a whole script as one implicit transaction. Anything a script sets for its session (`search_path`, a role, as
   * dumps do) ends with it, so that it cannot misdirect the engine's own bookkeeping or the next script. So do the
   * limits of its header.
   */
  async executeScript(script: string): Promise<void> {
    try {
      await this.limit(script)
      // A migration applied long ago, perhaps by another engine, is replayed into a shadow database unchanged.
      const whole = this.run.method === 'applyMigrations' ? await asOneTransaction(script) : script
      const isWanted = (): boolean => this.run.interruptedBy === undefined
      await inTurn(this.target, whole, isWanted, () =>
        this.run.interruptible(
          () => this.cancel(),
          () => queryWhole(this.client, whole),
        ),
      )
    } catch (error) {
      await resetSession(this.client).catch(() => {})
      throw error instanceof pg.DatabaseError ? this.refused(error, script) : error
    }
    const left = await resetSession(this.client)
    if (left === 'in transaction') throw this.refused(LEFT_OPEN, script)
  }

  /** On the same session. The engine itself sends COMMIT or ROLLBACK. */
  async startTransaction(isolationLevel?: IsolationLevel): Promise<Transaction> {
    await this.client.query(`BEGIN${isolationLevel ? ` ISOLATION LEVEL ${isolationLevel}` : ''}`)
    return {
      provider: this.provider,
      adapterName: this.adapterName,
      options: { usePhantomQuery: false },
      queryRaw: (query) => this.queryRaw(query),
      executeRaw: (query) => this.executeRaw(query),
      commit: async () => {},
      rollback: async () => {},
    }
  }

  getConnectionInfo(): ConnectionInfo {
    return { schemaName: this.target.schema, supportsRelationJoins: true }
  }

  async dispose(): Promise<void> {
    await this.client.end()
  }

  private refused(error: ServerError, script: string): DriverAdapterError {
    this.run.scriptFailure = { error, script }
    return toAdapterError(error)
  }

  /**
   * A script that must be a single statement gives its timeouts in a comment. One that is not meant for the server is
   * reported as such.
   */
  private async limit(script: string): Promise<void> {
    try {
      checkPlain(script, 'the script')
      await applyLimits(this.client, script)
    } catch (error) {
      if (error instanceof MigrationError) this.run.hostFailure = new PrismaError(undefined, error.message)
      throw error
    }
  }

  /** Asks the server to cancel what this session is running; a script is then rolled back as a whole. */
  private async cancel(): Promise<void> {
    const pid = backendIdOf(this.client)
    await withClient(this.target.config, (client) => client.query('SELECT pg_cancel_backend($1)', [pid]))
  }

  /** Sends the adapter's query, and presents "char" columns as a type it supports. */
  private async query(config: pg.QueryArrayConfig): Promise<pg.QueryArrayResult> {
    const result = await this.client.query(config)
    const isChar = (field: pg.FieldDef): boolean => field.dataTypeID === CHAR_OID
    this.charColumns = result.fields.flatMap((field, index) => (isChar(field) ? [index] : []))
    const fields = result.fields.map((field) => (isChar(field) ? { ...field, dataTypeID: BPCHAR_OID } : field))
    return Object.assign(result, { fields })
  }
}

function toAdapterError(error: ServerError): DriverAdapterError {
  const { code = 'XX000', severity = 'ERROR', message, detail, column, hint } = error
  return new DriverAdapterError({
    kind: 'postgres',
    originalCode: code,
    originalMessage: message,
    code,
    severity,
    message,
    detail,
    column,
    hint,
  })
}
