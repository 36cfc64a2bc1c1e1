import { type Internal, InternalsCheck, installedVersion } from '@miyabi/core'
import { describe, expect, it } from 'vitest'
import { MigrateInternalsError } from '../errors/errors.js'
import { assertInternals } from './check.js'
import { assertDriver, PG_INTERNALS, pgHolders } from './pg.js'
import { ENGINE_INTERNALS, engineHolders, instantiateEngine, loadEngine } from './schema-engine.js'

const { bindings, exports } = await instantiateEngine()

interface Case {
  readonly internal: Internal
  readonly holders: Readonly<Record<string, unknown>>
}

/** All that is used, and the real objects that have it. */
const all: readonly Case[] = [
  ...PG_INTERNALS.map((internal) => ({ internal, holders: pgHolders() })),
  ...ENGINE_INTERNALS.map((internal) => ({ internal, holders: engineHolders(bindings, exports) })),
]

/** An object that has all members of another but one. */
function without(holder: unknown, member: string): unknown {
  const has = (key: string | symbol): boolean => key !== member && Reflect.has(Object(holder), key)
  return new Proxy(
    {},
    { has: (_, key) => has(key), get: (_, key) => (has(key) ? Reflect.get(Object(holder), key) : undefined) },
  )
}

describe('the internals of pg and of the schema engine that are used', () => {
  it('are all there in the versions that are installed', () => {
    expect(() => assertDriver()).not.toThrow()
    for (const { internal, holders } of all) {
      expect(new InternalsCheck([internal], () => holders, import.meta.url).problem).toBeUndefined()
    }
  })

  it('were read in the versions that are installed: whoever installs others reads them again, and raises `readIn`', () => {
    for (const { package: name, readIn } of all.map(({ internal }) => internal)) {
      expect(`${name} ${readIn}`).toBe(`${name} ${installedVersion(name, import.meta.url)}`)
    }
  })

  it.for(all.map((one): [string, Case] => [`${one.internal.holder}.${one.internal.member}`, one]))(
    'are told, where %s is gone, by name and version',
    ([name, { internal, holders }]) => {
      const doctored = { ...holders, [internal.holder]: without(holders[internal.holder], internal.member) }
      const check = new InternalsCheck([internal], () => doctored, import.meta.url)
      expect(check.problem?.missing).toMatchObject([{ member: name, installed: internal.readIn }])
      expect(() => assertInternals(check)).toThrow(MigrateInternalsError)
    },
  )
})

it('is instantiated once a process: the bindings would free what is of one instance in the memory of another', async () => {
  const [first, second] = await Promise.all([loadEngine(), loadEngine()])
  expect(second).toBe(first)
})
