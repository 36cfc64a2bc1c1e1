import { defined } from '@miyabi/core'
import type { Database } from '../../context/context.js'
import type { Labels } from './definition.js'

/** Where the stores are, as labels: read when they are first needed, as a database may open at first use. */
export class ServerLabels {
  readonly #db: Database
  readonly #ofPools = new Map<string, Labels>()
  #ofDynamo: Labels | undefined

  constructor(db: Database) {
    this.#db = db
  }

  /** The server of a pool: one object for pools that connect to the same server. */
  of(pool: string): Labels {
    const known = this.#ofPools.get(pool)
    if (known) return known
    const { postgres, service = postgres, replicas = {} } = this.#db.servers
    const { host, port, database } = replicas[pool] ?? (pool === 'service' ? service : postgres)
    const labels = { 'server.address': host, 'server.port': String(port), 'db.namespace': database }
    const same = [...this.#ofPools.values()].find((other) => JSON.stringify(other) === JSON.stringify(labels))
    this.#ofPools.set(pool, same ?? labels)
    return same ?? labels
  }

  /** For AWS only the region is known. */
  get ofDynamo(): Labels {
    this.#ofDynamo ??= labelsOfDynamo(this.#db)
    return this.#ofDynamo
  }

  get acquireTimeoutMs(): number {
    return this.#db.servers.postgres.acquireTimeoutMs
  }
}

function labelsOfDynamo(db: Database): Labels {
  const { host, port, region } = db.servers.dynamodb
  return defined({
    'server.address': host,
    'server.port': port === undefined ? undefined : String(port),
    'cloud.region': region,
  })
}
