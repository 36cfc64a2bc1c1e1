import { describe, expect, it } from 'vitest'
import { checkBoth, type HealthCheck, readinessOf } from './health.js'

const up: HealthCheck = async () => ({ status: 'up', ready: true, latencyMs: 2, version: '18.4' })
const degraded: HealthCheck = async () => ({ status: 'degraded', ready: true, latencyMs: 30, reason: 'edited' })
const down: HealthCheck = async () => ({
  status: 'down',
  ready: false,
  latencyMs: 30,
  reason: 'refused',
  remedy: 'pnpm db:up',
})
const never: HealthCheck = () => new Promise(() => {})
const broken: HealthCheck = () => Promise.reject(new Error('postgresql://app:hunter2@h/m broke'))

describe('checkBoth', () => {
  it.each([
    ['up', up, up],
    ['degraded', up, down],
    ['degraded', down, up],
    ['down', down, down],
    ['degraded', degraded, up],
    ['degraded', degraded, down],
  ] as const)('is %s', async (status, postgres, dynamodb) => {
    const health = await checkBoth({ postgres, dynamodb })
    expect(health).toMatchObject({
      status,
      postgres: await postgres(neverAborted),
      dynamodb: await dynamodb(neverAborted),
    })
    expect(health.latencyMs).toBe(status === 'up' ? 2 : 30)
    expect(health.ready).toBe(![postgres, dynamodb].includes(down))
  })

  it('is ready while both are, degraded or not, and otherwise reports why not', async () => {
    expect(readinessOf(await checkBoth({ postgres: degraded, dynamodb: up }))).toEqual({
      ready: true,
      latencyMs: 30,
      reasons: [],
    })
    expect(readinessOf(await checkBoth({ postgres: up, dynamodb: down }))).toEqual({
      ready: false,
      latencyMs: 30,
      reasons: ['dynamodb: refused; pnpm db:up'],
    })
  })

  it('responds in time when a store never does, and names no password when a check throws', async () => {
    const start = performance.now()
    const health = await checkBoth({ postgres: broken, dynamodb: never }, { limitMs: 50 })
    expect(performance.now() - start).toBeLessThan(20_000)
    expect(health).toMatchObject({
      status: 'down',
      postgres: { status: 'down', reason: 'postgresql://app:***@h/m broke' },
      dynamodb: { status: 'down', reason: 'no response within 50 ms' },
    })
  })

  it('rejects with the reason of its signal', async () => {
    const controller = new AbortController()
    const checking = checkBoth({ postgres: up, dynamodb: never }, { signal: controller.signal })
    controller.abort(new Error('no longer asked for'))
    await expect(checking).rejects.toThrow('no longer asked for')
  })
})

const neverAborted = { signal: new AbortController().signal }
