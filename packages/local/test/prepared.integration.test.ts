import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { query } from './support/clients.js'
import { Holder } from './support/holder.js'
import { useStackFolder } from './support/stack-folder.js'

const folder = useStackFolder()

describe('the prepared data folder', () => {
  it('is made once per cache, also when two stacks need it at the same moment', async () => {
    const cache = path.join(folder, 'cache')
    mkdirSync(cache)
    const env = { ...process.env, MIYABI_CACHE_DIR: cache }
    const holders = ['one', 'two'].map((name) => new Holder(path.join(folder, name), env))
    for (const holder of holders) {
      const { postgres } = await holder.up()
      expect(await query(postgres.databaseUrl, 'SELECT current_user AS login')).toEqual([{ login: 'miyabi_app' }])
    }
    expect(readdirSync(cache).filter((name) => /^postgres-\d/.test(name))).toEqual([
      expect.stringMatching(/^postgres-18\.\d+-layout\d+-/),
    ])
    await Promise.all(holders.map((holder) => holder.close()))
  })
})
