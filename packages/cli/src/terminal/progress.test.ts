import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { clearProgress, showProgress } from './progress.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A stream that keeps what is written to it. */
function streamOf({ isTTY }: { readonly isTTY: boolean }) {
  const written: string[] = []
  return { written, isTTY, columns: 40, write: (text: string) => written.push(text) > 0 }
}

describe('progress in a pipe', () => {
  it('is silent about quick steps', () => {
    const stream = streamOf({ isTTY: false })
    using progress = showProgress(stream)
    for (const text of ['one', 'two', 'three']) {
      progress.step(text)
      vi.advanceTimersByTime(900)
    }
    expect(stream.written).toEqual([])
  })

  it('reports a step that takes a second, and its progress every half minute', () => {
    const stream = streamOf({ isTTY: false })
    {
      using progress = showProgress(stream)
      progress.step('reading')
      vi.advanceTimersByTime(1000)
      progress.detail('7 rows')
      vi.advanceTimersByTime(30_000)
      progress.step('reading') // the same one
      vi.advanceTimersByTime(30_000)
    }
    vi.advanceTimersByTime(60_000)
    expect(stream.written).toEqual(['reading ...\n', 'reading: 7 rows (31 s)\n', 'reading: 7 rows (61 s)\n'])
  })

  it('shows the inner of two steps, and the outer one when that has ended', () => {
    const stream = streamOf({ isTTY: false })
    using outer = showProgress(stream)
    outer.step('outer')
    {
      using inner = showProgress(stream)
      inner.step('inner')
      vi.advanceTimersByTime(1500)
    }
    vi.advanceTimersByTime(30_000)
    expect(stream.written).toEqual(['inner ...\n', 'outer ... (31 s)\n'])
  })
})

describe('progress at a terminal', () => {
  it('is one line that counts the seconds, fits the terminal, and is cleared', () => {
    const stream = streamOf({ isTTY: true })
    {
      using progress = showProgress(stream)
      progress.step('creating')
      vi.advanceTimersByTime(2300)
      progress.step('a step whose text is longer than the terminal is wide')
    }
    expect(stream.written).toEqual([
      '\r\u001B[Kcreating ...',
      '\r\u001B[Kcreating ...',
      '\r\u001B[Kcreating ... (2 s)',
      '\r\u001B[Ka step whose text is longer than the te',
      '\r\u001B[K',
    ])
  })

  it('is cleared before other output', () => {
    const stream = streamOf({ isTTY: true })
    using progress = showProgress(stream)
    progress.step('creating')
    vi.advanceTimersByTime(300)
    clearProgress()
    clearProgress()
    vi.advanceTimersByTime(1000)
    expect(stream.written).toEqual(['\r\u001B[Kcreating ...', '\r\u001B[K', '\r\u001B[Kcreating ...'])
  })
})
