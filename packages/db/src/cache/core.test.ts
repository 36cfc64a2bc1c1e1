import { silentLogger } from '@miyabi/core'
import { expect, it } from 'vitest'
import { CacheCore } from './core.js'
import { MemoryLevel } from './memory.js'

const position = (history: string, lsn: bigint) => ({ history, lsn })

it('does not keep the value of a load during which another server was mistaken for the primary', async () => {
  let end = (_: unknown): void => {}
  let loads = 0
  const core = new CacheCore({
    memory: new MemoryLevel({ maxBytes: 1e6, maxEntries: 100 }),
    line: { token: 'always' },
    second: undefined,
    position: async () => position('new', 10n),
    logger: silentLogger,
  })
  const get = () =>
    core.get({
      key: 'key',
      tags: ['tag', 'all'],
      ttlMs: 60_000,
      absentTtlMs: 60_000,
      swrMs: 0,
      staleIfErrorMs: 0,
      keepMs: 0,
      minimum: undefined,
      load: () => {
        loads += 1
        return new Promise((resolve) => {
          end = resolve
        })
      },
    })
  const first = get()
  await core.position()
  await new Promise(setImmediate)
  core.board.raise(['tag'], position('new', 20n)) // the rows that the load has read are outdated
  core.board.raise(['other'], position('old', 5n)) // sent late by a relay still connected to the former primary
  await core.position()
  end('old rows')
  expect(await first).toBe('old rows')
  const second = get()
  await core.position()
  await new Promise(setImmediate)
  end('new rows')
  expect([await second, loads]).toEqual(['new rows', 2])
})
