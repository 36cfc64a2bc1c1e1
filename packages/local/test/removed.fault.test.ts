import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { acquireStack, holdStack, type LocalError, stackStatus } from '../src/index.js'
import { query } from './support/clients.js'
import { Holder } from './support/holder.js'
import { processesOf } from './support/processes.js'
import { useStackFolder } from './support/stack-folder.js'

const parent = useStackFolder()
const folder = path.join(parent, '.miyabi')
const gone = () => expect.poll(() => processesOf(parent), { interval: 20 }).toEqual([])

describe('while the stack is running', () => {
  it('removing its folder ends it, and the next start is a new one', async () => {
    await holdStack({ folder })
    // Repeats like a user would: a server that does not know yet may have created a file in the meantime.
    await vi.waitFor(() => rmSync(folder, { recursive: true, force: true }), 10_000)
    await gone()
    await using stack = await acquireStack({ folder })
    expect(await query(stack.descriptor.postgres.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it.each([
    { whose: 'PostgreSQL', removed: 'postgres/PG_VERSION', next: 'local.postgres.data_incomplete' },
    { whose: 'DynamoDB', removed: 'dynamodb', next: undefined },
  ])('removing data of $whose ends it, and its holders are told why', async ({ removed, next }) => {
    const holder = new Holder(folder)
    const { dataDir } = await holder.up()
    rmSync(path.join(dataDir, removed), { recursive: true })
    await holder.find(({ message }) => message === `the embedded stack has ended: its data in ${dataDir} was removed`)
    await holder.close()
    await gone()
    expect(await stackStatus({ folder })).toMatchObject({ running: false })
    const again = await acquireStack({ folder }).then(
      (stack) => stack.close(),
      (error: LocalError) => error.code,
    )
    expect(again).toBe(next)
    rmSync(dataDir, { recursive: true })
  })

  it("breaking its owner's file ends it: no process could reach it anymore", async () => {
    await holdStack({ folder })
    for (const name of readdirSync(folder).filter((name) => name.startsWith('owner.'))) {
      writeFileSync(path.join(folder, name), '{bad')
    }
    await gone()
  })
})
