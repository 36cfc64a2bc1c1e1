import { describe, expect, it } from 'vitest'
import { duration, renderStack, size, stackFacts } from './stack-facts.js'

const status = {
  running: true,
  folder: '/w/.miyabi',
  descriptor: {
    pid: 1,
    dataDir: '/w/.miyabi/data',
    postgres: {
      version: '18.4',
      port: 5001,
      databaseUrl: 'postgresql://miyabi_app:secret-a@127.0.0.1:5001/miyabi',
      directDatabaseUrl: 'postgresql://miyabi_migrator:secret-m@127.0.0.1:5001/miyabi',
      serviceDatabaseUrl: 'postgresql://miyabi_backend:secret-b@127.0.0.1:5001/miyabi',
    },
    dynamodb: { unavailable: 'no engine for plan9: pnpm add -w dynoxide' },
  },
  held: false,
  leases: 2,
  uptimeMs: 61_000,
  replication: [],
  sizes: { postgres: 39_638_640, dynamodb: 0, replicas: [] },
} as const

describe('stackFacts', () => {
  it('masks passwords unless they are requested', () => {
    expect(JSON.stringify(stackFacts(status, { showPasswords: false }))).not.toContain('secret')
    expect(JSON.stringify(stackFacts(status, { showPasswords: true }))).toMatch(/secret-a.*secret-m.*secret-b/)
  })

  it('shows how many processes use the stack, and what to do if there is no DynamoDB', () => {
    const text = renderStack(stackFacts(status, { showPasswords: false }))
    expect(text).toContain('2 processes; it stops with the last one')
    expect(text).toContain('no engine for plan9: pnpm add -w dynoxide')
  })
})

describe('a replica', () => {
  const databaseUrl = 'postgresql://miyabi_app:secret-a@127.0.0.1:5002/miyabi'
  const replica = { port: 5002, databaseUrl, serviceDatabaseUrl: databaseUrl }
  const postgres = { ...status.descriptor.postgres, replicas: [replica, replica] }
  const facts = stackFacts(
    {
      ...status,
      descriptor: { ...status.descriptor, postgres },
      replication: [{ state: 'streaming', behindBytes: 1_500, lagMs: 2.5 }, { state: 'lost' }],
      sizes: { ...status.sizes, replicas: [1, 2] },
    },
    { showPasswords: false },
  )

  it('has its state and its lag, in JSON and as text', () => {
    expect(facts.postgres.replicas).toMatchObject([
      { port: 5002, bytes: 1, state: 'streaming', behindBytes: 1_500, lagMs: 2.5 },
      { port: 5002, bytes: 2, state: 'lost' },
    ])
    expect(renderStack(facts)).toMatch(/streaming, 1.5 kB behind, lag 3 ms[\s\S]* lost\n/)
  })
})

describe('size and duration', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [39_638_640, '39.6 MB'],
    [123_456_789, '123 MB'],
    [2e15, '2000 TB'],
  ])('writes %d bytes as %s', (bytes, text) => expect(size(bytes)).toBe(text))

  it.each([
    [0, '0 s'],
    [59_400, '59 s'],
    [61_000, '1 min'],
    [3_600_000, '1 h 0 min'],
    [90_000_000, '1 d 1 h'],
  ])('writes %d ms as %s', (ms, text) => expect(duration(ms)).toBe(text))
})
