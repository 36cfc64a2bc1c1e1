import { createHmac, randomUUID } from 'node:crypto'
import { silentLogger } from '@miyabi/core'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { RecordingLogger } from '../../test/recording-logger.js'
import { hexOfLsn, lsnOfHex } from './position.js'
import { checkedMaxAge, Tokens } from './token.js'

const SECRET = 'a secret of the tests of 32 bytes or more'
const OTHER = 'another secret of 32 bytes or more too'
const person = { userId: randomUUID() }
const tokens = (secrets: readonly string[] = [SECRET], maxAgeMs = 60_000) =>
  new Tokens({ secrets, maxAgeMs, logger: silentLogger })
const positions = fc.record({
  history: fc
    .tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(0xffff))
    .map(([cluster, timeline]) => `${cluster}/${timeline.toString(16).toUpperCase().padStart(8, '0')}`),
  lsn: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
})
const position = { history: '7381029384756/00000001', lsn: 0x16_b374_d848n }

describe('a token', () => {
  it('says what it was made of, and to nobody else', () => {
    const webUserId = person.userId
    fc.assert(
      fc.property(positions, (given) => {
        const token = tokens().make(person, given)
        expect(token).toMatch(/^v1\.[\w-]{56}$/)
        expect(tokens().read(person, token)).toEqual(given)
        expect(tokens().read({ userId: person.userId.toUpperCase() }, token)).toEqual(given)
        for (const stranger of [{ userId: randomUUID() }, { webUserId }, 'service'] as const)
          expect(tokens().read(stranger, token)).toBeUndefined()
      }),
    )
  })

  it('means nothing once one bit of it is another, or a character more or less', () => {
    const token = tokens().make(person, position)
    const bytes = Buffer.from(token.slice(3), 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const forged = Buffer.from(bytes)
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(tokens().read(person, `v1.${forged.toString('base64url')}`)).toBeUndefined()
    }
    const others = ['', 'v1.', token.slice(0, -1), `${token}A`, ` ${token}`, `${token} `, `v2${token.slice(2)}`]
    for (const text of [...others, `${token}=`, token.slice(3), 'v1.💥', null, 7, {}, [token]])
      expect(tokens().read(person, text)).toBeUndefined()
  })

  it('is read whatever it is, without an error', () => {
    fc.assert(
      fc.property(fc.anything(), (given) => tokens().read(person, given) === undefined),
      { numRuns: 20 },
    )
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !tokens().read(person, `v1.${text}`)))
  })

  it('is signed as anybody would do it who knows the secret', () => {
    const bytes = Buffer.from(tokens().make(person, position).slice(3), 'base64url')
    const signed = Buffer.concat([Buffer.from(`miyabi token v1\nuser:${person.userId}\n`), bytes.subarray(0, 26)])
    expect(bytes.subarray(26)).toEqual(createHmac('sha256', SECRET).update(signed).digest().subarray(0, 16))
  })

  it('is taken with either of two secrets, and made with the first', () => {
    const [old, both, after] = [tokens([OTHER]), tokens([SECRET, OTHER]), tokens([SECRET])]
    expect(both.read(person, old.make(person, position))).toEqual(position)
    expect(after.read(person, both.make(person, position))).toEqual(position)
    expect(after.read(person, old.make(person, position))).toBeUndefined()
  })

  it('ends with its time, by clocks that differ by less than that', () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const token = tokens().make(person, position)
      const at = (ms: number) => {
        vi.setSystemTime(Date.now() + ms)
        return tokens().read(person, token)
      }
      expect(at(60_000)).toEqual(position)
      expect(at(1)).toBeUndefined()
      expect(at(-120_001)).toEqual(position)
      expect(at(-1)).toBeUndefined()
    } finally {
      vi.useRealTimers()
    }
  })

  it('is of the process alone where no secret is set, which is said once, with the first', () => {
    const logger = new RecordingLogger()
    const own = new Tokens({ secrets: [], maxAgeMs: 60_000, logger })
    expect(own.read(person, tokens().make(person, position))).toBeUndefined()
    expect(logger.lines).toEqual([])
    const made = [own.make(person, position), own.make(person, position)]
    expect(made.map((token) => own.read(person, token))).toEqual([position, position])
    expect(logger.of('db.token_secret_missing')).toHaveLength(1)
    expect(new Tokens({ secrets: [], maxAgeMs: 60_000, logger }).read(person, made[0])).toBeUndefined()
  })
})

describe('checkedMaxAge', () => {
  it('refuses what is no time, by name', () => {
    expect(checkedMaxAge(1)).toBe(1)
    for (const ms of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => checkedMaxAge(ms)).toThrow(/tokenMaxAgeMs/)
  })
})

describe('hexOfLsn', () => {
  it('is in the order of the numbers, and is read back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (a, b) => {
        expect(hexOfLsn(a) < hexOfLsn(b)).toBe(a < b)
        expect(lsnOfHex(hexOfLsn(a))).toBe(a)
      }),
    )
  })
})
