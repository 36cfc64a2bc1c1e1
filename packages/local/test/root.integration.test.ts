import { lstatSync, mkdirSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { acquireStack } from '../src/index.js'
import { query } from './support/clients.js'
import { processesOf } from './support/processes.js'
import { useStackFolder } from './support/stack-folder.js'

const folder = useStackFolder()
const isRoot = process.getuid?.() === 0

describe('whose the servers are', () => {
  it('never root, whoever starts the stack', async () => {
    await using stack = await acquireStack({ folder })
    const servers = processesOf(stack.descriptor.dataDir).filter(({ pid }) => pid !== stack.descriptor.pid)
    expect(servers.length).toBeGreaterThanOrEqual(2)
    if (process.platform === 'linux') for (const { pid } of servers) expect(statSync(`/proc/${pid}`).uid).not.toBe(0)
  })

  // Only root can be in a folder that the servers' own user may not enter; for everybody else there is nothing to test.
  if (isRoot) {
    it('as root in a closed folder the data are in the cache, and no mode is changed', async () => {
      const parent = path.join(folder, 'closed')
      mkdirSync(parent, { mode: 0o700 })
      const closed = path.join(parent, 'stack')
      const start = () => acquireStack({ folder: closed })
      const stack = await start()
      const { dataDir, postgres } = stack.descriptor
      expect(dataDir).not.toContain(closed)
      expect(lstatSync(path.join(closed, 'data')).isSymbolicLink()).toBe(true)
      expect(statSync(parent).mode & 0o777).toBe(0o700)
      await query(postgres.directDatabaseUrl, 'CREATE TABLE kept (id int)', 'INSERT INTO kept VALUES (1)')
      await stack.close()
      const again = await start()
      expect(await query(again.descriptor.postgres.directDatabaseUrl, 'SELECT id FROM kept')).toEqual([{ id: 1 }])
      await again.close()
      rmSync(dataDir, { recursive: true })
    })
  }
})
