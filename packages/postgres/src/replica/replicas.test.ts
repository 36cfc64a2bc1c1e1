import { silentLogger } from '@miyabi/core'
import { describe, expect, it } from 'vitest'
import { createPostgresHooks } from '../observe/postgres-hooks.js'
import { parsePostgresSettings } from '../settings/config.js'
import { resolveReplicas } from '../settings/replica-settings.js'
import { Replica } from './replica.js'
import { type ReplicaLimits, Replicas } from './replicas.js'

const settings = resolveReplicas(
  parsePostgresSettings({
    DATABASE_URL: 'postgresql://app@127.0.0.1:1/miyabi',
    DATABASE_REPLICA_URLS: 'postgresql://app@127.0.0.1:2/miyabi',
  }),
  false,
)
const shared = { logger: silentLogger, hooks: createPostgresHooks('main', silentLogger), mayServe: false }
const replicasWith = (limits: ReplicaLimits) =>
  new Replicas({ ...shared, settings, limits, primary: () => Promise.reject(new Error('no primary')) })

describe('the limits of replicas', () => {
  it('are times, including 0, and every other value is reported', () => {
    expect(replicasWith({ waitMs: 0 }).waitMs).toBe(0)
    expect(replicasWith({}).waitMs).toBe(50)
    expect(() => replicasWith({ waitMs: Number.NaN, maxLagMs: -1 })).toThrow(/replicas\.waitMs.*NaN[\s\S]*maxLagMs.*-1/)
    expect(() => replicasWith({ waitMs: 2 ** 31 })).toThrow(/replicas\.waitMs/)
  })
})

describe('replicas that are closed', () => {
  it('are not candidates, and open no pool', async () => {
    const replicas = replicasWith({ waitMs: 0 })
    await replicas.close(0)
    expect(replicas.firstCandidate(undefined)).toBeUndefined()
    expect(await replicas.candidates(undefined)).toEqual([])
    const [own] = settings
    if (!own) throw new Error('no replica')
    const replica = new Replica({ ...shared, settings: own, name: 'replica-1' })
    await replica.close(0)
    expect(() => replica.pool).toThrow(expect.objectContaining({ code: 'postgres.pool.closed' }))
  })
})
