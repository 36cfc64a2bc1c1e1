import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { acquireStack, holdStack, releaseStack, stackStatus } from '../src/index.js'
import { createTable, dynamodb, query } from './support/clients.js'
import { Holder } from './support/holder.js'
import { processesOf, processOf } from './support/processes.js'
import { useStackFolder } from './support/stack-folder.js'

const folder = useStackFolder()
const SUPERVISOR = path.join('supervisor', 'main.cjs')

describe('a stopped supervisor (SIGSTOP)', () => {
  it('does not block anyone: status, start, hold and release end and name its process', async () => {
    const holder = new Holder(folder)
    const { pid } = await holder.up()
    process.kill(pid, 'SIGSTOP')
    try {
      const calls = [stackStatus, acquireStack, holdStack, releaseStack].map((call) => call({ folder }))
      for (const call of calls) {
        await expect(call).rejects.toMatchObject({
          code: 'local.supervisor.unresponsive',
          details: { pid },
          message: expect.stringMatching(new RegExp(`process ${pid}, .*kill -CONT ${pid}.*kill -9 ${pid}`)),
        })
      }
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await holder.close()
    await releaseStack({ folder }) // the hold that was requested while it was stopped
  })
})

describe('kill -9', () => {
  it('of PostgreSQL: it restarts on the same port, with every acknowledged commit', async () => {
    const holder = new Holder(folder)
    const { postgres } = await holder.up()
    await query(
      postgres.directDatabaseUrl,
      'DROP TABLE IF EXISTS kept',
      'CREATE TABLE kept (id int)',
      'INSERT INTO kept VALUES (1)',
    )
    process.kill(
      Number(readFileSync(path.join(folder, 'data', 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]),
      'SIGKILL',
    )
    await holder.find(({ message }) => message === 'postgres is back on its port')
    expect(await query(postgres.directDatabaseUrl, 'SELECT id FROM kept')).toEqual([{ id: 1 }])
    await holder.close()
  })

  it('of the DynamoDB engine: it restarts on the same port, with every acknowledged write, and its new process is reported', async () => {
    const holder = new Holder(folder)
    const descriptor = await holder.up()
    await createTable(descriptor, 'engine_killed')
    await dynamodb(descriptor, 'PutItem', { TableName: 'engine_killed', Item: { id: { S: 'a' } } })
    process.kill(processOf(folder, 'dynamodb.db'), 'SIGKILL')
    await holder.find(({ message }) => message === 'dynamodb is back on its port')
    expect(await dynamodb(descriptor, 'Scan', { TableName: 'engine_killed' })).toMatchObject({
      Items: [{ id: { S: 'a' } }],
    })
    const pid = processOf(folder, 'dynamodb.db')
    expect(JSON.parse(readFileSync(path.join(folder, 'stack.json'), 'utf8'))).toMatchObject({ dynamodb: { pid } })
    expect(await stackStatus({ folder })).toMatchObject({ descriptor: { dynamodb: { pid } } })
    await holder.close()
  })

  it('of the supervisor: its holders get another, on the same ports, with every acknowledged write', async () => {
    const holders = [new Holder(folder), new Holder(folder)]
    const [before] = await Promise.all(holders.map((holder) => holder.up()))
    if (!before) throw new Error('no descriptor')
    await query(
      before.postgres.directDatabaseUrl,
      'DROP TABLE IF EXISTS kept',
      'CREATE TABLE kept (id int)',
      'INSERT INTO kept VALUES (1)',
    )
    await createTable(before, 'kept')
    await dynamodb(before, 'PutItem', { TableName: 'kept', Item: { id: { S: 'a' } } })
    process.kill(before.pid, 'SIGKILL')
    await Promise.all(
      holders.map((holder) => holder.find(({ message }) => message === 'the embedded stack is up again')),
    )
    const status = await stackStatus({ folder })
    expect(status).toMatchObject({ running: true, leases: 2 })
    if (!status.running) throw new Error('it does not run')
    expect(status.descriptor.pid).not.toBe(before.pid)
    expect(status.descriptor.postgres.databaseUrl).toBe(before.postgres.databaseUrl)
    expect(await query(before.postgres.directDatabaseUrl, 'SELECT id FROM kept')).toEqual([{ id: 1 }])
    expect(await dynamodb(before, 'Scan', { TableName: 'kept' })).toMatchObject({ Items: [{ id: { S: 'a' } }] })
    // Both may have started one. The later one ends on its own.
    await expect.poll(() => processesOf(folder).filter(({ command }) => command.includes(SUPERVISOR))).toHaveLength(1)
    await Promise.all(holders.map((holder) => holder.close()))
  })

  it('of the supervisor and its holder together: the next start ends the leftovers and starts fresh', async () => {
    const holder = new Holder(folder)
    const before = await holder.up()
    process.kill(before.pid, 'SIGSTOP') // so that it cannot notice the end of its holder
    await holder.kill('SIGKILL')
    const left = processesOf(folder).map(({ pid }) => pid)
    process.kill(before.pid, 'SIGKILL')
    await using stack = await acquireStack({ folder })
    expect(stack.descriptor.postgres.databaseUrl).toBe(before.postgres.databaseUrl)
    expect(processesOf(folder).filter(({ pid }) => left.includes(pid))).toEqual([])
    expect(await query(stack.descriptor.postgres.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('of everything together: the next start has every acknowledged write', async () => {
    const holder = new Holder(folder)
    const { postgres } = await holder.up()
    await query(postgres.directDatabaseUrl, 'DROP TABLE IF EXISTS kept', 'CREATE TABLE kept AS SELECT 1 AS id')
    for (const { pid } of processesOf(folder)) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // it ended with one that was killed before it
      }
    }
    await using stack = await acquireStack({ folder })
    expect(await query(stack.descriptor.postgres.directDatabaseUrl, 'SELECT id FROM kept')).toEqual([{ id: 1 }])
  })

  it('of the supervisor of a held stack: the next start holds it again', async () => {
    const { pid } = await holdStack({ folder })
    process.kill(pid, 'SIGKILL')
    const stack = await acquireStack({ folder })
    await stack.close()
    expect(await stackStatus({ folder })).toMatchObject({ running: true, held: true, leases: 0 })
    expect(await releaseStack({ folder })).toEqual({ wasHeld: true, leases: 0 })
  })
})

describe('a process id that now belongs to another process', () => {
  it('is left alone, and does not prevent the stack from starting', async () => {
    await (await acquireStack({ folder })).close()
    const stranger = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' })
    try {
      const pid = String(stranger.pid)
      const data = path.join(folder, 'data')
      writeFileSync(path.join(data, 'postgres', 'postmaster.pid'), `${pid}\n${data}\n`)
      writeFileSync(path.join(data, 'dynamodb.pid'), pid)
      writeFileSync(
        path.join(folder, 'owner.9.json'),
        JSON.stringify({ pid: stranger.pid, started: 'long ago', port: 1, token: '', held: false }),
      )
      await using stack = await acquireStack({ folder })
      expect(await query(stack.descriptor.postgres.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
      expect(stranger.exitCode ?? stranger.signalCode).toBeNull()
    } finally {
      stranger.kill('SIGKILL')
    }
  })
})

describe('a signal to the supervisor', () => {
  it('ends the stack for good: holders are told and do not restart it', async () => {
    const holder = new Holder(folder)
    const { pid } = await holder.up()
    process.kill(pid, 'SIGTERM')
    await holder.find(({ message }) => message === 'the embedded stack has ended: it received a signal')
    await expect.poll(() => processesOf(folder).filter((found) => found.pid !== holder.pid)).toEqual([])
    await holder.close()
  })
})
