import { type Internal, InternalsCheck, installedVersion } from '@miyabi/core'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { isPostgresError } from '../errors/errors.js'
import { PrismaClient } from '../schema/prisma.js'
import { assertInternals } from './check.js'
import { PG_INTERNALS, pgCheck, pgHolders, SESSION_INTERNALS, sessionHolders } from './pg.js'
import {
  ADAPTER_INTERNALS,
  adapterCheck,
  CLIENT_INTERNALS,
  clientCheck,
  clientHolders,
  FACTORY_INTERNALS,
  factoryCheck,
} from './prisma.js'

const pool = new pg.Pool({ host: 'localhost', user: 'none', database: 'none' }) // none of all this connects
const factory = new PrismaPg(pool)
const adapter = await factory.connect()
const client = new PrismaClient({ adapter: factory })

/** As after a login: what is said here by itself is seen on a real server by all that opens a pool. */
const session = new pg.Client({ host: 'localhost' })
Object.assign(session, { readyForQuery: true })
for (const name of ['errorMessage', 'commandComplete']) session.connection.on(name, () => {}).on(name, () => {})

interface Case {
  readonly internal: Internal
  readonly holders: Readonly<Record<string, unknown>>
}

/** All that is used, and the real objects that have it. */
const all: readonly Case[] = [
  ...SESSION_INTERNALS.map((internal) => ({ internal, holders: sessionHolders(session, true) })),
  ...PG_INTERNALS.map((internal) => ({ internal, holders: pgHolders() })),
  ...CLIENT_INTERNALS.map((internal) => ({ internal, holders: clientHolders(client, PrismaClient) })),
  ...FACTORY_INTERNALS.map((internal) => ({ internal, holders: { PrismaPg: factory } })),
  ...ADAPTER_INTERNALS.map((internal) => ({ internal, holders: { PrismaPgAdapter: adapter } })),
]

/** The same object, but that it lacks one member. */
function without(holder: unknown, member: string): unknown {
  return new Proxy(Object(holder), {
    has: (target, key) => key !== member && Reflect.has(target, key),
    get: (target, key) => (key === member ? undefined : Reflect.get(target, key)),
  })
}

function failureOf(work: () => void): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return undefined
}

describe('the internals of pg and Prisma that are used', () => {
  it('are all there in the versions that are installed', () => {
    for (const check of [pgCheck, clientCheck(client, PrismaClient), factoryCheck(factory), adapterCheck(adapter)]) {
      expect(check.problem).toBeUndefined()
    }
    for (const { internal, holders } of all) {
      expect(new InternalsCheck([internal], () => holders, import.meta.url).has(internal.saves ?? '', undefined)).toBe(
        true,
      )
    }
  })

  it('were read in the versions that are installed: whoever installs others reads them again, and raises `readIn`', () => {
    for (const { package: name, readIn, via } of all.map(({ internal }) => internal)) {
      expect(`${name} ${readIn}`).toBe(`${name} ${installedVersion(name, import.meta.url, via)}`)
    }
  })

  it.each(all)(
    'end the start without $internal.holder.$internal.member, or are gone without',
    ({ internal, holders }) => {
      const { holder, member, saves, readIn } = internal
      const doctored = { ...holders, [holder]: without(holders[holder], member) }
      const check = new InternalsCheck([internal], () => doctored, import.meta.url)
      if (saves !== undefined) {
        expect([check.problem, check.has(saves, undefined)]).toEqual([undefined, false])
        return
      }
      const error = failureOf(() => assertInternals(check))
      if (!isPostgresError(error, 'postgres.internals_missing')) throw error
      expect(error.details.missing).toMatchObject([{ member: `${holder}.${member}`, installed: readIn, readIn }])
      expect(error.message).toContain(`${internal.package} ${readIn} lacks ${holder}.${member}`)
    },
  )
})
