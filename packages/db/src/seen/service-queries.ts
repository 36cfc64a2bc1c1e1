import type { Postgres, Queries, ReplicaQueries } from '@miyabi/postgres'
import type { ReadsFromReplicas } from './replica-tracking.js'

/**
 * The queries of the service's pool from the view of one service scope: those of others count only once this one has
 * made a query.
 */
export class ServiceQueries implements Queries, ReadsFromReplicas {
  readonly #service: Postgres
  readonly #answered: number
  readonly #written: number
  #hasAsked = false
  #reads: ReplicaQueries | undefined

  constructor(service: Postgres) {
    this.#service = service
    this.#answered = service.answered
    this.#written = service.written
  }

  get prisma(): Postgres['prisma'] {
    return this.#asking().prisma
  }

  readonly transaction: Queries['transaction'] = (work, options) => this.#asking().transaction(work, options)

  readonly read: Queries['read'] = (work, options) => this.#asking().read(work, options)

  readonly query: Queries['query'] = (text, values) => this.#asking().query(text, values)

  readonly replica: ReadsFromReplicas['replica'] = (tracking) => {
    this.#reads = this.#service.replica(tracking)
    return this.#reads
  }

  get answered(): number {
    return (this.#hasAsked ? this.#service.answered : this.#answered) + (this.#reads?.answered ?? 0)
  }

  get written(): number {
    return this.#hasAsked ? this.#service.written : this.#written
  }

  #asking(): Postgres {
    this.#hasAsked = true
    return this.#service
  }
}
