import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { SilenceWatch, type Watchable } from './silence-watch.js'

class Session implements Watchable {
  owesAnswer = true
  bytes = 100
  inFlight = { text: 'SELECT 1' as string | undefined, isOpenEnded: false }
  ownTimeoutMs = 0
  readonly serverPid = 7
  silentMs: number | undefined
}

function watching(statementTimeoutMs: number, answer: () => Promise<ReadonlySet<number>> = () => Promise.reject()) {
  const session = new Session()
  let asked = 0
  const watch = new SilenceWatch({
    clients: [session],
    isInUse: () => true,
    statementTimeoutMs,
    askServer: () => {
      asked += 1
      return answer()
    },
    onSilent: (_session, silentMs) => {
      session.silentMs = silentMs
    },
  })
  /** Looks for so long, unless it is cut before, and says when that was. */
  const cutWithin = async (ms: number): Promise<number | undefined> => {
    for (let passed = -500; passed < ms && session.silentMs === undefined; passed += 500) {
      watch.look()
      await setImmediate()
      await setImmediate() // for what an answer leads to
    }
    return session.silentMs
  }
  return { session, cutWithin, asked: () => asked }
}

describe('a connection that owes an answer', () => {
  it('is cut a little after the server would have ended the statement', async () => {
    expect(await watching(2000).cutWithin(60_000)).toBe(5000)
  })

  it('is left where it answers, or anything comes or goes', async () => {
    const { session, cutWithin } = watching(2000)
    for (let times = 0; times < 5; times += 1) {
      expect(await cutWithin(4000)).toBeUndefined()
      if (times % 2 === 0) session.bytes += 1
      else session.owesAnswer = !session.owesAnswer
      expect(await cutWithin(0)).toBeUndefined()
      session.owesAnswer = true
    }
  })

  it('has as long as a text gave its session, and for each statement of a text', async () => {
    const longer = watching(2000)
    longer.session.ownTimeoutMs = 60_000
    expect(await longer.cutWithin(90_000)).toBe(63_000)
    const several = watching(2000)
    several.session.inFlight = { text: 'UPDATE a; UPDATE b; UPDATE c;', isOpenEnded: false }
    expect(await several.cutWithin(90_000)).toBe(9000)
    const shorter = watching(2000)
    shorter.session.ownTimeoutMs = 1
    expect(await shorter.cutWithin(90_000)).toBe(5000)
  })
})

describe.each([
  ['without a limit', 0, {}],
  ['with a limit that only the server knows', 2000, { ownTimeoutMs: Number.POSITIVE_INFINITY }],
  ['behind a cursor', 2000, { inFlight: { text: undefined, isOpenEnded: true } }],
])('one %s', (_what, statementTimeoutMs, changes) => {
  it('may take as long as the server says that it works', async () => {
    const { session, cutWithin, asked } = watching(statementTimeoutMs, async () => new Set([7]))
    Object.assign(session, changes)
    expect(await cutWithin(3_600_000)).toBeUndefined()
    expect(asked()).toBe(360)
  })

  it('is cut where the server does not know of it, or is done', async () => {
    const { session, cutWithin } = watching(statementTimeoutMs, async () => new Set())
    Object.assign(session, changes)
    expect(await cutWithin(60_000)).toBe(10_000)
  })

  it('is cut where the server answers no question', async () => {
    const { session, cutWithin, asked } = watching(statementTimeoutMs)
    Object.assign(session, changes)
    expect(await cutWithin(60_000)).toBe(11_000)
    expect(asked()).toBe(3)
  })
})
