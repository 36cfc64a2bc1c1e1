import { existsSync, utimesSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { acquireStack } from '../src/index.js'
import { query } from './support/clients.js'
import { Holder } from './support/holder.js'
import { processesOf } from './support/processes.js'

describe('a temporary stack', () => {
  it('is private, does not wait for the disk, and is removed with its last lease', async () => {
    const stack = await acquireStack({ temporary: true })
    expect(stack.descriptor.temporary).toBe(true)
    expect(await query(stack.descriptor.postgres.databaseUrl, "SELECT current_setting('fsync') AS fsync")).toEqual([
      { fsync: 'off' },
    ])
    const other = new Holder(stack.folder)
    expect((await other.up()).pid).toBe(stack.descriptor.pid)
    await stack.close()
    expect(existsSync(stack.folder)).toBe(true)
    await other.close()
    expect(existsSync(stack.folder)).toBe(false)
    expect(processesOf(stack.folder).filter(({ pid }) => pid !== other.pid)).toEqual([])
  })

  it('lets its migrator, and nobody else, look for corruption where that was asked for', async () => {
    const CHECK = "SELECT bt_index_check('pg_class_oid_index', true)"
    await using stack = await acquireStack({ temporary: true, amcheck: true })
    const { databaseUrl, directDatabaseUrl, serviceDatabaseUrl } = stack.descriptor.postgres
    expect(await query(directDatabaseUrl, CHECK)).toHaveLength(1)
    expect(await query(directDatabaseUrl, "SELECT * FROM verify_heapam('pg_class')")).toEqual([])
    for (const url of [databaseUrl, serviceDatabaseUrl]) {
      await expect(query(url, CHECK)).rejects.toThrow('permission denied for function bt_index_check')
    }
    await using other = await acquireStack({ temporary: true })
    await expect(query(other.descriptor.postgres.directDatabaseUrl, CHECK)).rejects.toThrow('does not exist')
  })

  it('whose processes were all killed is ended and removed by a later start', async () => {
    const probe = await acquireStack({ temporary: true })
    const { folder } = probe
    // A lease in another process, then kill both that and the supervisor: nobody is left who could tidy up.
    const other = new Holder(folder)
    const { pid } = await other.up()
    process.kill(pid, 'SIGSTOP')
    await other.kill('SIGKILL')
    const closing = probe.close()
    process.kill(pid, 'SIGKILL')
    await closing
    expect(existsSync(folder)).toBe(true)
    const longAgo = new Date(Date.now() - 3_600_000)
    utimesSync(folder, longAgo, longAgo)
    await using _later = await acquireStack({ temporary: true })
    await expect.poll(() => existsSync(folder)).toBe(false)
    expect(processesOf(folder)).toEqual([])
  })
})
