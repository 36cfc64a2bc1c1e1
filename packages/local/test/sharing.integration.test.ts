import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readStack } from '@miyabi/core'
import { describe, expect, it } from 'vitest'
import { acquireStack, holdStack, releaseStack, stackStatus } from '../src/index.js'
import { query } from './support/clients.js'
import { Holder } from './support/holder.js'
import { processesOf } from './support/processes.js'
import { useStackFolder } from './support/stack-folder.js'

const folder = useStackFolder()
const nothingRuns = () => expect.poll(() => processesOf(folder)).toEqual([])

describe('a stack shared by several processes', () => {
  it('is one stack for eight processes that start it at the same moment, and ends with the last of them', async () => {
    const holders = Array.from({ length: 8 }, () => new Holder(folder))
    const descriptors = await Promise.all(holders.map((holder) => holder.up()))
    expect(new Set(descriptors.map(({ pid }) => pid)).size).toBe(1)
    expect(await stackStatus({ folder })).toMatchObject({ running: true, leases: 8 })
    const [last, ...others] = holders
    await Promise.all(others.map((holder) => holder.close()))
    expect(await stackStatus({ folder })).toMatchObject({ running: true, leases: 1 })
    await last?.close()
    expect(processesOf(folder).filter(({ pid }) => pid !== last?.pid)).toEqual([])
  })

  it('ends when Ctrl-C reaches the process group of its only holder, and not before', async () => {
    const holder = new Holder(folder)
    const descriptor = await holder.up()
    expect(await query(descriptor.postgres.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    process.kill(-holder.pid, 'SIGINT')
    await nothingRuns()
    expect(readStack(folder)).toBeUndefined()
  })

  it('ends when its only holder is killed', async () => {
    const holder = new Holder(folder)
    await holder.up()
    await holder.kill('SIGKILL')
    await nothingRuns()
  })

  it('ends when its starter is killed while it starts', async () => {
    const holder = new Holder(folder)
    await expect.poll(() => processesOf(folder).length, { interval: 2 }).toBeGreaterThan(1)
    await holder.kill('SIGKILL')
    await nothingRuns()
  })

  it('does not keep its holder alive: a script that forgets to close ends, and the stack with it', async () => {
    const script = `import { acquireStack } from '@miyabi/local'; await acquireStack({ folder: process.argv[1] })`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, folder], { cwd: import.meta.dirname })
    expect(await once(child, 'exit')).toEqual([0, null])
    await nothingRuns()
  })

  it('is not left behind by a start that is given up', async () => {
    const controller = new AbortController()
    const starting = acquireStack({ folder, signal: controller.signal })
    await expect.poll(() => processesOf(folder).length, { interval: 2 }).toBeGreaterThan(0)
    controller.abort(new Error('changed my mind'))
    await expect(starting).rejects.toThrow('changed my mind')
    await nothingRuns()
  })

  it('starts again at once after the last lease was closed, with the same ports and data', async () => {
    const first = await acquireStack({ folder })
    const before = first.descriptor
    await query(before.postgres.directDatabaseUrl, 'CREATE TABLE kept (id int)', 'INSERT INTO kept VALUES (7)')
    const closing = first.close()
    await using second = await acquireStack({ folder })
    await closing
    expect(second.descriptor.postgres.databaseUrl).toBe(before.postgres.databaseUrl)
    expect(second.descriptor.dynamodb).toMatchObject({ endpoint: (before.dynamodb as { endpoint: string }).endpoint })
    expect(await query(second.descriptor.postgres.directDatabaseUrl, 'SELECT id FROM kept')).toEqual([{ id: 7 }])
  })
})

describe('holdStack and releaseStack', () => {
  it('keep the stack up without a lease, until told otherwise', async () => {
    const descriptor = await holdStack({ folder })
    expect(await holdStack({ folder })).toEqual(descriptor)
    const status = await stackStatus({ folder })
    expect(status).toMatchObject({ running: true, held: true, leases: 0, descriptor })
    expect(status.running && status.sizes.postgres).toBeGreaterThan(1_000_000)
    expect(await query(descriptor.postgres.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(await releaseStack({ folder })).toEqual({ wasHeld: true, leases: 0 })
    expect(processesOf(folder)).toEqual([])
    expect(await stackStatus({ folder })).toEqual({ running: false, folder })
    expect(await releaseStack({ folder })).toBeUndefined()
  })

  it('leave the end to the last lease, and say how many there are', async () => {
    await holdStack({ folder })
    const stack = await acquireStack({ folder })
    expect(await releaseStack({ folder })).toEqual({ wasHeld: true, leases: 1 })
    expect(await stackStatus({ folder })).toMatchObject({ running: true, held: false, leases: 1 })
    await stack.close()
    expect(processesOf(folder)).toEqual([])
  })
})
