import { describe, expect, it } from 'vitest'
import { OwnClock } from './own-clock.js'

const DAY_MS = 86_400_000
/** A whole second, as headers tell it. */
const SERVER = Math.floor(Date.now() / 1000) * 1000
const header = (ms: number): string => new Date(ms).toUTCString()

/** How far its server time is from `expected`, beyond what a test takes. */
const isAbout = (clock: OwnClock, expected: number): boolean => Math.abs(clock.earliestServerNow - expected) < 1500

describe('a given clock', () => {
  const given = (skew = 0) => {
    const now = { ms: SERVER + skew }
    return { now, clock: new OwnClock(() => now.ms, { isMachines: false }) }
  }

  it('is its own server time until an answer has come', () => {
    const { clock } = given(DAY_MS)
    expect(clock.hasHeard).toBe(false)
    expect(clock.latestServerNow).toBe(SERVER + DAY_MS)
    clock.hear(undefined)
    expect(clock.hasHeard).toBe(true)
    expect(clock.latestServerNow).toBe(SERVER + DAY_MS)
  })

  it('goes on from the first time that the server told, whatever it says itself', () => {
    for (const skew of [-3 * DAY_MS, -5000, 0, 5000, 3 * DAY_MS]) {
      const { now, clock } = given(skew)
      clock.hear(header(SERVER))
      expect(isAbout(clock, SERVER)).toBe(true)
      now.ms += 600_000
      clock.hear(header(SERVER))
      expect(isAbout(clock, SERVER + 600_000)).toBe(true)
      expect(clock.now()).toBe(SERVER + skew + 600_000)
    }
  })

  it('moves server time neither back nor by a leap when it is set', () => {
    const { now, clock } = given()
    clock.hear(header(SERVER))
    for (const step of [-20_000, -DAY_MS, 3_600_000, 10 * DAY_MS, -10 * DAY_MS]) {
      now.ms += step
      expect(isAbout(clock, SERVER)).toBe(true)
    }
    now.ms -= 20_000
    clock.now()
    for (let second = 0; second < 15; second++) {
      now.ms += 1000
      clock.now()
    }
    expect(isAbout(clock, SERVER + 15_000)).toBe(true)
    // It is set right again, or so much time has gone by.
    now.ms += 20_000
    expect(isAbout(clock, SERVER + 15_000)).toBe(true)
    expect(Math.abs(clock.latestServerNow - SERVER - 35_000)).toBeLessThan(1500)
  })
})

describe("the machine's clock", () => {
  it('moves server time by nothing but time going by, and hears each time anew', () => {
    let ms = SERVER + 5 * DAY_MS
    const clock = new OwnClock(() => ms, { isMachines: true })
    clock.hear(header(SERVER))
    for (const step of [60_000, -60_000, DAY_MS, -DAY_MS]) {
      ms += step
      expect(isAbout(clock, SERVER)).toBe(true)
    }
    // The machine was suspended.
    clock.hear(header(SERVER + 3_600_000))
    expect(isAbout(clock, SERVER + 3_600_000)).toBe(true)
  })
})
