import type { AttemptFacts, DynamoCallFacts } from '@miyabi/dynamo'
import type { PoolEvent, RetryFacts, StatementFacts, TransactionFacts } from '@miyabi/postgres'
import type { Database } from '../../context/context.js'
import type { DatabaseObserver } from '../../context/observer.js'
import { conventions } from './conventions.js'
import type { Family } from './family.js'
import { DURATION_BUCKETS, ROW_BUCKETS, withBoundary } from './histogram.js'
import { MetricSet } from './metric-set.js'
import { ownMetrics } from './own-metrics.js'
import { ServerLabels } from './server-labels.js'
import { stateMetrics } from './state-metrics.js'

const POSTGRES = 'postgresql'
const DYNAMODB = 'aws.dynamodb'
/** DynamoDB's names for throttled requests. */
const THROTTLED: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
])

const durations = (): readonly number[] => DURATION_BUCKETS

/** Adds up what a database reports to its observers, and reads the rest on request. */
export class DatabaseMetrics {
  readonly #set = new MetricSet()
  readonly #servers: ServerLabels
  readonly #readState: () => Promise<readonly string[]>

  readonly #duration = this.#set.histogram(conventions.operationDuration, durations)
  readonly #rows = this.#set.histogram(conventions.returnedRows, () => ROW_BUCKETS)
  readonly #timeouts = this.#set.sum(conventions.connectionTimeouts)
  readonly #createTime = this.#set.histogram(conventions.connectionCreateTime, durations)
  // With a boundary where waits end: a wait is interpolated within its bucket, of which the widest is four seconds.
  readonly #waitTime = this.#set.histogram(conventions.connectionWaitTime, () =>
    withBoundary(DURATION_BUCKETS, this.#servers.acquireTimeoutMs / 1000),
  )
  readonly #useTime = this.#set.histogram(conventions.connectionUseTime, durations)
  readonly #statements = this.#set.sum(ownMetrics.statements)
  readonly #transactions = this.#set.histogram(ownMetrics.transactionDuration, durations)
  readonly #retries = this.#set.sum(ownMetrics.retries)
  readonly #givenUp = this.#set.sum(ownMetrics.retriesGivenUp)
  readonly #poolEvents = this.#set.sum(ownMetrics.poolEvents)
  readonly #calls = this.#set.histogram(ownMetrics.dynamoCallDuration, durations)
  readonly #throttled = this.#set.sum(ownMetrics.dynamoThrottled)

  constructor(db: Database) {
    this.#servers = new ServerLabels(db)
    this.#readState = stateMetrics(db, this.#set)
  }

  /** For `db.observe()`. */
  readonly observer: DatabaseObserver = {
    statement: (facts) => this.#statement(facts),
    transaction: (facts) => this.#transaction(facts),
    retry: (facts) => this.#retry(facts),
    pool: (event) => this.#pool(event),
    call: (facts) => this.#call(facts),
    attempt: (facts) => this.#attempt(facts),
  }

  /** Returns all current metrics. */
  async collect(): Promise<readonly Family[]> {
    const pools = await this.#readState()
    for (const pool of pools) this.#beginAtZero(pool)
    return this.#set.families
  }

  #statement({ pool, path, operation, collection, durationMs, rows, error }: StatementFacts): void {
    const server = this.#servers.of(pool)
    const duration = this.#duration.at(POSTGRES, server, operation, collection, error?.sqlState, error?.code)
    duration.record(durationMs / 1000)
    if (rows !== undefined && operation === 'SELECT')
      this.#rows.at(POSTGRES, server, operation, collection).record(rows)
    this.#statements.at(pool, path).value += 1
  }

  #transaction({ pool, outcome, durationMs }: TransactionFacts): void {
    this.#transactions.at(pool, outcome).record(durationMs / 1000)
  }

  #retry({ what, code, gaveUp }: RetryFacts): void {
    if (gaveUp === undefined) this.#retries.at(POSTGRES, what, code).value += 1
    else this.#givenUp.at(POSTGRES, what, code, gaveUp).value += 1
  }

  #pool(event: PoolEvent): void {
    const { pool } = event
    if (event.name === 'acquired') this.#waitTime.at(pool).record(event.waitedMs / 1000)
    else if (event.name === 'released') this.#useTime.at(pool).record(event.heldMs / 1000)
    else if (event.name === 'opened') this.#createTime.at(pool).record(event.openedMs / 1000)
    else if (event.name === 'timeout') this.#timeouts.at(pool).value += 1
    else this.#poolEvents.at(pool, event.name).value += 1
  }

  #call({ operation, durationMs, error }: DynamoCallFacts): void {
    this.#calls.at(operation, error?.code).record(durationMs / 1000)
  }

  #attempt({ command, table, durationMs, attempt, error }: AttemptFacts): void {
    const duration = this.#duration.at(DYNAMODB, this.#servers.ofDynamo, command, table, undefined, error)
    duration.record(durationMs / 1000)
    if (attempt > 1) this.#retries.at(DYNAMODB, command, undefined).value += 1
    if (error !== undefined && THROTTLED.has(error)) this.#throttled.at().value += 1
  }

  /** A counter that appears with its first event has not grown, for Prometheus: no rule would detect the event. */
  #beginAtZero(pool: string): void {
    this.#throttled.at()
    this.#timeouts.at(pool)
    this.#transactions.at(pool, 'unknown')
    for (const event of COUNTED_EVENTS) this.#poolEvents.at(pool, event)
  }
}

const COUNTED_EVENTS: readonly PoolEvent['name'][] = [
  'slow_acquire',
  'discarded',
  'connect_failing',
  'connect_recovered',
  'connection_lost',
  'test_failed',
  'leak_suspected',
  'leak_recovered',
]
