import { describe, expect, it } from 'vitest'
import { Operations } from './operations.js'

const refusal = () => new Error('closed')

/** An operation that ends when the test says so. */
function operation() {
  let end = (): void => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  return { work: () => ended, end: () => end() }
}

describe('Operations', () => {
  it('refuses what begins after the intake is closed, and runs parts of what began before', async () => {
    const operations = new Operations()
    const { work, end } = operation()
    const began = operations.begin(async () => {
      await work()
      return operations.run(async () => 'a part')
    }, refusal)
    const closing = operations.close()
    expect(operations.isClosed).toBe(true)
    await expect(operations.begin(work, refusal)).rejects.toThrow('closed')
    end()
    expect(await began).toBe('a part')
    expect(await closing).toBe(true)
  })

  it('counts what fails as ended, and passes its failure on', async () => {
    const operations = new Operations()
    const failing = operations.begin(() => Promise.reject(new Error('broken')), refusal)
    await expect(failing).rejects.toThrow('broken')
    expect(await operations.close()).toBe(true)
  })

  it('lets everybody who closes wait by a grace of their own, so that none hangs on another', async () => {
    const operations = new Operations()
    const { work, end } = operation()
    const running = operations.begin(work, refusal)
    const patient = operations.close()
    expect(await operations.close(1)).toBe(false)
    const another = operations.close()
    end()
    expect(await Promise.all([patient, another, running])).toEqual([true, true, undefined])
    expect(await operations.close(0)).toBe(true)
  })
})
