import { afterEach, expect, it, vi } from 'vitest'
import { Flights } from './flights.js'

afterEach(() => {
  vi.useRealTimers()
})

it('does not let a call join a load that may never end', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const flights = new Flights()
  const request = {
    key: 'key',
    tags: ['all'],
    ttlMs: 1,
    absentTtlMs: 1,
    swrMs: 0,
    staleIfErrorMs: 0,
    keepMs: 0,
    minimum: undefined,
    load: async () => 1,
  }
  const token = {}
  void flights.begin(request, token, () => new Promise(() => {}))
  expect(flights.at('key', token)).toBeDefined()
  vi.advanceTimersByTime(4_999)
  expect(flights.at('key', token)).toBeDefined()
  vi.advanceTimersByTime(1)
  expect(flights.at('key', token)).toBeUndefined()
})
