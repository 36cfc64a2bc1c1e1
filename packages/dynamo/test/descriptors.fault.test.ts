import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { testDynamo, testSettings } from './support.js'

/** What a process with few file descriptors learns of 300 appends at once, and of one afterwards. */
interface Learned {
  readonly outcomes: Readonly<Record<string, number>>
  readonly message?: string
  readonly after: string
}

async function appendAtOnce(tablePrefix: string): Promise<Learned> {
  const program = path.join(import.meta.dirname, 'fixtures/append-at-once.mjs')
  const settings = testSettings({ tablePrefix, maxSockets: 1000, timeoutMs: 20_000, attemptTimeoutMs: 10_000 })
  // Few enough for the program to take them all.
  const args = ['-c', 'ulimit -n 1024; exec "$0" "$@"', process.execPath, program, JSON.stringify(settings)]
  const { stdout } = await promisify(execFile)('/bin/sh', args)
  return JSON.parse(stdout) as Learned
}

describe('a process without file descriptors for its connections', () => {
  it('loses no append: they are tried again, or told as not sent, with what to look at', async () => {
    await using dynamo = await testDynamo()
    const [{ table } = { table: '' }] = (await dynamo.tables.status()).tables
    const learned = await appendAtOnce(table.replace(/MiyabiEvents$/, ''))
    const { stored = 0, ...failures } = learned.outcomes
    for (const outcome of Object.keys(failures)) expect(outcome).toBe('dynamo.unreachable none retryable EMFILE')
    if (learned.message !== undefined) expect(learned.message).toContain('ulimit -n')
    expect(Object.values(learned.outcomes).reduce((sum, count) => sum + count, 0)).toBe(300)
    expect(stored).toBeGreaterThan(0)
    expect(learned.after).toBe('stored')
    let found = 0
    for (let cursor: string | undefined; ; ) {
      const page = await dynamo.events.byType('at-once', { limit: 1000, cursor })
      found += page.items.length
      cursor = page.cursor
      if (cursor === undefined) break
    }
    expect(found).toBe(stored + 1)
  })
})
