import { isPostgresError, type PostgresError } from '../errors/errors.js'
import { toPostgresError } from '../errors/map-error.js'
import type { Route, Scope, SendTo } from '../identity/scope.js'
import type { Position } from '../position/position.js'
import type { ToPrimary } from '../stats.js'
import type { Replica, ReplicaSource } from './replica.js'
import type { Replicas } from './replicas.js'
import { onPrimary, onReplica, refusalIn, type Wanted } from './scopes.js'

/** The state that a reader of replicas has seen. It must not read an older one. */
export interface Tracking {
  /**
   * The position a replica must have reached, if it is known: `position` without a query. Nearly every read takes this
   * path.
   * @returns undefined if nothing was seen, `'ask'` if a server must be queried.
   */
  known(from: ReplicaSource): Position | undefined | 'ask'
  /**
   * The position a replica must have reached. `from` needs no check: it is never behind what was read from it.
   * @throws if that cannot be determined: the primary is read instead.
   */
  position(from: ReplicaSource): Promise<Position | undefined>
  /** Records a read from that replica. */
  readFrom(source: ReplicaSource): void
}

/**
 * Codes of failures caused by the replica and not by the statement, with the reason why the read is then sent to the
 * primary.
 */
const OF_REPLICA: Readonly<Partial<Record<PostgresError['code'], ToPrimary>>> = {
  'postgres.serialization_failure': 'conflict',
  'postgres.deadlock': 'conflict',
  'postgres.schema_mismatch': 'schema',
  'postgres.unreachable': 'lost',
  'postgres.connect_timeout': 'lost',
  'postgres.unavailable': 'lost',
  'postgres.too_many_connections': 'lost',
  'postgres.connection_lost': 'lost',
  'postgres.auth_failed': 'lost',
  'postgres.password_failed': 'lost',
  'postgres.database_missing': 'lost',
  'postgres.tls_failed': 'lost',
  'postgres.pooler': 'lost',
  'postgres.time_zone': 'lost',
  'postgres.pool.acquire_timeout': 'lost',
  'postgres.pool.closed': 'lost',
  'postgres.identity.not_granted': 'lost',
  'postgres.login.privileged': 'lost',
  'postgres.login.has_rights': 'lost',
}
/** Codes that do not indicate bad health: the replica was only busy, or is already closed. */
const BUSY: ReadonlySet<string> = new Set(['postgres.pool.acquire_timeout', 'postgres.pool.closed'])

/** Routes the reads of a scope to replicas, or to the primary if none of them is suitable. */
export class ReplicaRoute implements Route {
  readonly asker: Scope
  readonly #replicas: Replicas | undefined
  readonly #tracking: Tracking
  /** A caller stays with one replica: continuing there needs no check. */
  #last: Replica | undefined
  /** The latest scope on a replica and its checks: the next read usually needs the same ones. */
  #told: (Wanted & { readonly scope: Scope }) | undefined

  constructor(asker: Scope, replicas: Replicas | undefined, tracking: Tracking) {
    this.asker = asker
    this.#replicas = replicas
    this.#tracking = tracking
  }

  /** Uses a single promise if nothing must be queried first: see `Replicas.firstCandidate`. */
  run<T>(send: SendTo<T>): Promise<T> {
    const replicas = this.#replicas
    if (replicas === undefined) return this.#onPrimary(send)
    const first = replicas.firstCandidate(this.#last)
    const needed = first === undefined ? 'ask' : this.#tracking.known(first.source)
    if (first === undefined || needed === 'ask') return this.#search(replicas, send)
    const lsn = lsnIn(first, needed)
    if (lsn === undefined || first.isKnownBehind(lsn)) return this.#search(replicas, send)
    const { source } = first
    return send(first.pool, this.#scopeOn(first, lsn)).then(
      (value) => (this.#hasRead(first, source) ? value : this.#insteadOf(replicas, 'lost', send)),
      (error: unknown) => {
        const why = whyPrimary(error, first)
        return why === 'behind' ? this.#search(replicas, send, first) : this.#insteadOf(replicas, why, send)
      },
    )
  }

  /** @param behind a replica that was just found to be behind. */
  async #search<T>(replicas: Replicas, send: SendTo<T>, behind?: Replica): Promise<T> {
    const answer = await this.#onReplicas(replicas, send, behind)
    return typeof answer === 'object' ? answer.value : this.#insteadOf(replicas, answer, send)
  }

  #insteadOf<T>(replicas: Replicas, why: ToPrimary, send: SendTo<T>): Promise<T> {
    replicas.goesToPrimary(why)
    return this.#onPrimary(send)
  }

  async #onPrimary<T>(send: SendTo<T>): Promise<T> {
    try {
      return await send(undefined, onPrimary(this.asker))
    } catch (error) {
      throw asReadOnly(error)
    }
  }

  /** Reads from the first replica that has reached the position; else from the first that reaches it in time. */
  async #onReplicas<T>(
    replicas: Replicas,
    send: SendTo<T>,
    found: Replica | undefined,
  ): Promise<Answer<T> | ToPrimary> {
    const endsAt = performance.now() + replicas.waitMs
    const behind: Behind[] = []
    let isOfOther = false
    for (const replica of await replicas.candidates(this.#last)) {
      const { source } = replica
      const needed = await this.#neededOf(source)
      if (needed === 'unknown') return 'history'
      const lsn = lsnIn(replica, needed)
      isOfOther ||= lsn === undefined
      if (lsn === undefined) continue
      const isBehind = replica === found || replica.isKnownBehind(lsn)
      const answer = isBehind ? 'behind' : await this.#onReplica(replica, lsn, send)
      if (answer !== 'behind') return answer
      behind.push({ replica, lsn, source })
    }
    if (behind.length === 0) return isOfOther ? 'history' : 'none_up'
    const first = replicas.waitMs > 0 ? await firstThatReaches(behind, endsAt) : undefined
    if (first === undefined) return 'behind'
    // A replica that was restarted while the read waited may be behind earlier reads from it.
    if (first.replica.source !== first.source) return 'lost'
    return this.#onReplica(first.replica, first.lsn, send)
  }

  async #neededOf(source: ReplicaSource): Promise<Position | undefined | 'unknown'> {
    try {
      return await this.#tracking.position(source)
    } catch {
      return 'unknown'
    }
  }

  async #onReplica<T>(replica: Replica, lsn: bigint, send: SendTo<T>): Promise<Answer<T> | ToPrimary> {
    const { source } = replica
    try {
      const value = await send(replica.pool, this.#scopeOn(replica, lsn))
      return this.#hasRead(replica, source) ? { value } : 'lost'
    } catch (error) {
      return whyPrimary(error, replica)
    }
  }

  #scopeOn({ pinnedTo: startedAt }: Replica, lsn: bigint): Scope {
    if (this.#told?.lsn !== lsn || this.#told.startedAt !== startedAt)
      this.#told = { lsn, startedAt, scope: onReplica(this.asker, { lsn, startedAt }) }
    return this.#told.scope
  }

  /** Records an answer; false if the server was restarted in the meantime, which invalidates the answer. */
  #hasRead(replica: Replica, source: ReplicaSource): boolean {
    if (source !== replica.source) return false
    this.#last = replica
    this.#tracking.readFrom(source)
    replica.reads += 1
    return true
  }
}

/** The position a replica must have reached; undefined if what was seen belongs to another history. */
function lsnIn({ history }: Replica, needed: Position | undefined): bigint | undefined {
  if (needed === undefined) return 0n
  return needed.history === history ? needed.lsn : undefined
}

interface Answer<T> {
  readonly value: T
}

/** A replica and the position it must reach. */
interface Behind {
  readonly replica: Replica
  readonly lsn: bigint
  /** Its state when this was determined. */
  readonly source: ReplicaSource
}

/** Returns the first replica that reaches its position; undefined if none does in time. */
async function firstThatReaches(behind: readonly Behind[], endsAt: number): Promise<Behind | undefined> {
  const waits = behind.map(async (one) => {
    if (await one.replica.reaches(one.lsn, endsAt - performance.now())) return one
    throw new Error('not in time')
  })
  return Promise.any(waits).catch(() => undefined)
}

/** @throws `error` if it was caused by the statement. */
function whyPrimary(error: unknown, replica: Replica): ToPrimary {
  const refusal = refusalIn(error)
  if (refusal === 'behind') return 'behind'
  if (refusal === 'promoted') {
    replica.eject('promoted', 'it is not a standby')
    return 'lost'
  }
  const mapped = toPostgresError(error)
  const why = OF_REPLICA[mapped.code]
  if (why === undefined) throw asReadOnly(error)
  if (why === 'lost' && !BUSY.has(mapped.code)) replica.eject('unreachable', mapped.reason)
  // A read that waited as long as a statement may take has no time left.
  if (isPostgresError(mapped, 'postgres.connection_lost') && mapped.details.silentMs !== undefined) throw error
  return why
}

/** A rejected write does not indicate a failover here: readers of replicas never write. */
function asReadOnly(error: unknown): unknown {
  const { code } = Object(error) as { readonly code?: unknown }
  return code === '25006' ? Object.assign(error as Error, { standby: false }) : error
}
