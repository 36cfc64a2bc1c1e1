import { InternalsCheck, installedVersion } from '@miyabi/core'
import { describe, expect, it } from 'vitest'
import { assertInternals } from './check.js'
import { assertDriver, PG_INTERNALS, pgHolders } from './pg.js'

/** An object that has all members of another but one. */
function without(holder: object, member: string): unknown {
  const has = (key: string | symbol): boolean => key !== member && Reflect.has(holder, key)
  return new Proxy(
    {},
    { has: (_, key) => has(key), get: (_, key) => (has(key) ? Reflect.get(holder, key) : undefined) },
  )
}

describe('the internals of pg that are used', () => {
  it('are all there in the version that is installed', () => {
    expect(() => assertDriver()).not.toThrow()
  })

  it('were read in the version that is installed: whoever installs another reads them again, and raises `readIn`', () => {
    for (const { package: name, readIn } of PG_INTERNALS) expect(readIn).toBe(installedVersion(name, import.meta.url))
  })

  it.for(PG_INTERNALS)('are told, where $holder.$member is gone, by name and version', (internal) => {
    const holders = pgHolders()
    const doctored = { ...holders, [internal.holder]: without(holders[internal.holder], internal.member) }
    const check = new InternalsCheck([internal], () => doctored, import.meta.url)
    expect(() => assertInternals(check)).toThrow(
      expect.objectContaining({
        code: 'backup.internals_missing',
        message: expect.stringContaining(`${internal.holder}.${internal.member}`),
      }),
    )
  })
})
