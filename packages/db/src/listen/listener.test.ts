import { silentLogger } from '@miyabi/core'
import { type LineEvents, PostgresError } from '@miyabi/postgres'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Listener } from './listener.js'

type Said = readonly { readonly channel: string; readonly payload: string }[]

/** Lines without a server, which tell what was said over them. */
function lines() {
  const opened: LineEvents[] = []
  const said: Said[] = []
  let refusal: Error | undefined
  return {
    opened,
    said,
    listened: [] as string[],
    refuse: (error: Error | undefined) => {
      refusal = error
    },
    open: async function (this: { listened: string[] }, events: LineEvents) {
      if (refusal) throw refusal
      opened.push(events)
      return {
        listen: async (channel: string) => void this.listened.push(channel),
        notify: async (words: Said) => void said.push(words),
        close: async () => {},
      }
    },
  }
}

function listenerOn(line: ReturnType<typeof lines>): Listener {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  return new Listener((events) => line.open(events), silentLogger)
}

afterEach(() => {
  vi.useRealTimers()
})

const lost = new PostgresError('postgres.connection_lost', 'lost')

describe('Listener', () => {
  it('opens nothing before somebody listens or tells', async () => {
    const line = lines()
    const listener = listenerOn(line)
    await vi.advanceTimersByTimeAsync(1000)
    expect(line.opened).toHaveLength(0)
    listener.listen('a', { heard: () => {}, changed: () => {} })
    listener.listen('b', { heard: () => {}, changed: () => {} })
    await vi.advanceTimersByTimeAsync(0)
    expect(line.opened).toHaveLength(1)
    expect(line.listened).toEqual(['a', 'b'])
  })

  it('tells at most once in 20 ms, and the same once', async () => {
    const line = lines()
    const listener = listenerOn(line)
    for (let ms = 0; ms < 200; ms++) {
      listener.tell('a', `${ms % 3}`)
      await vi.advanceTimersByTimeAsync(1)
    }
    expect(line.said.length).toBeGreaterThanOrEqual(9)
    expect(line.said.length).toBeLessThanOrEqual(11)
    expect(line.said.every((words) => words.length <= 3)).toBe(true)
  })

  it('says one word without a payload in place of very many', async () => {
    const line = lines()
    const listener = listenerOn(line)
    for (let n = 0; n <= 200; n++) listener.tell('a', `${n}`)
    await vi.advanceTimersByTimeAsync(20)
    expect(line.said).toEqual([[{ channel: 'a', payload: '' }]])
  })

  it('tells its listeners when the line is lost and when it is back, and then what could not be told', async () => {
    const line = lines()
    const listener = listenerOn(line)
    const changes: boolean[] = []
    listener.listen('a', { heard: () => {}, changed: (isHearing) => changes.push(isHearing) })
    await vi.advanceTimersByTimeAsync(0)
    expect(listener.isHearing('a')).toBe(true)
    line.refuse(lost)
    line.opened[0]?.onLost(lost)
    expect(listener.isHearing('a')).toBe(false)
    listener.tell('a', 'x')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(line.said).toEqual([])
    line.refuse(undefined)
    await vi.advanceTimersByTimeAsync(2000)
    expect(changes).toEqual([true, false, true])
    expect(line.said).toEqual([[{ channel: 'a', payload: 'x' }]])
    await listener.close()
  })

  it('opens no line after it was closed', async () => {
    const line = lines()
    const listener = listenerOn(line)
    listener.listen('a', { heard: () => {}, changed: () => {} })
    await vi.advanceTimersByTimeAsync(0)
    await listener.close()
    line.opened[0]?.onLost(lost)
    listener.tell('a')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(line.opened).toHaveLength(1)
  })
})
