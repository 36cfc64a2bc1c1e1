import { describe, expect, it } from 'vitest'
import type { LogFields, Logger } from '../logging/logger.js'
import { silentLogger } from '../logging/logger.js'
import { installedVersion } from './installed-version.js'
import { InternalsCheck, internalsOf } from './internals.js'

const INTERNALS = internalsOf({ package: 'vitest', readIn: '0.1.0' }, [
  ['Pool', '_pulse', 'function', 'how it is served'],
  ['Pool', 'key', 'any', 'what a request holds'],
  ['Result', '_shape', 'object', 'what a row looks like', 'known shapes'],
])

const check = (pool: unknown, result: unknown = { _shape: {} }) =>
  new InternalsCheck(INTERNALS, () => ({ Pool: pool, Result: result }), import.meta.url)

function recordingLogger(): Logger & { readonly warnings: [LogFields, string][] } {
  const warnings: [LogFields, string][] = []
  return { ...silentLogger, warnings, warn: (fields, message) => void warnings.push([fields, message]) }
}

describe('InternalsCheck', () => {
  it('finds no fault if every member is what it has to be, including an empty one', () => {
    expect(check({ _pulse() {}, key: null }).problem).toBeUndefined()
    class Pool {
      key = null
      _pulse(): void {}
    }
    expect(check(new Pool()).problem).toBeUndefined()
  })

  it('names every member that is missing or of another kind, its purpose, and the version that lacks it', () => {
    const installed = installedVersion('vitest', import.meta.url)
    const problem = check({ _pulse: 1 }).problem
    expect(problem?.missing).toEqual([
      { package: 'vitest', installed, readIn: '0.1.0', member: 'Pool._pulse', use: 'how it is served' },
      { package: 'vitest', installed, readIn: '0.1.0', member: 'Pool.key', use: 'what a request holds' },
    ])
    expect(problem?.message).toBe(
      `vitest ${installed} lacks Pool._pulse (how it is served), Pool.key (what a request holds), which 0.1.0 has; install vitest 0.1.0`,
    )
  })

  it('treats a missing holder as one without members', () => {
    expect(check(undefined).problem?.missing).toHaveLength(2)
  })

  it('warns once, about members that only save time, as soon as there is a logger', () => {
    const slower = check({ _pulse() {}, key: null }, {})
    const logger = recordingLogger()
    expect(slower.problem).toBeUndefined()
    expect([slower.has('known shapes', undefined), slower.has('known shapes', logger)]).toEqual([false, false])
    expect(slower.has('known shapes', logger)).toBe(false)
    expect(logger.warnings).toHaveLength(1)
    expect(logger.warnings[0]?.[1]).toMatch(/^Continuing without known shapes, .* lacks Result\._shape/)
    expect(check({}).has('known shapes', logger)).toBe(true)
  })
})

describe('installedVersion', () => {
  it('reads the manifest of the copy that the module would import, even if the package does not export it', () => {
    expect(installedVersion('vitest', import.meta.url)).toMatch(/^\d+\.\d+\.\d+/)
    expect(installedVersion('@vitest/expect', import.meta.url, 'vitest')).toMatch(/^\d+\.\d+\.\d+/)
  })

  it('returns unknown instead of failing if there is no manifest', () => {
    expect(installedVersion('no-such-package', import.meta.url)).toBe('unknown')
  })
})
