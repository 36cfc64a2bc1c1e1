import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { sleep } from '@miyabi/core'
import { Budget } from '@miyabi/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Manifest } from '../src/format/manifest.js'
import { type BackupTarget, restoreBackup } from '../src/index.js'
import { backUp } from './by-hand.js'
import { openStore, rowsOf, type Store } from './store.js'
import { testFolder } from './written-backup.js'

const folder = testFolder()
let target: BackupTarget
let source: Store
let backup: Manifest
beforeAll(async () => {
  target = await folder.open()
  source = await openStore({ tables: true })
  await source.sql(
    `INSERT INTO logs (level, message) SELECT 'info', 'message ' || i FROM generate_series(1, 2000) AS i`,
  )
  await source.dynamo.events.appendMany(Array.from({ length: 300 }, (_, n) => ({ eventType: 'a', data: { n } })))
  backup = await backUp(target, source)
})
afterAll(async () => {
  await source[Symbol.asyncDispose]()
  folder.remove()
})

/** A process of its own that restores, and says so at each step. */
const CHILD = `
  import { openTarget, restoreBackup } from '@miyabi/backup'
  import { createDynamo, parseDynamoSettings } from '@miyabi/dynamo'
  import { parseTarget, readMigrations } from '@miyabi/migrate'
  const { TARGET, BACKUP, MIGRATIONS, DATABASE, PREFIX } = process.env
  const dynamo = createDynamo(parseDynamoSettings(process.env))
  console.log('begin')
  await restoreBackup({
    target: await openTarget({ target: TARGET }), backup: BACKUP, database: parseTarget(DATABASE), dynamo, prefix: PREFIX,
    migrations: readMigrations(MIGRATIONS), erase: 'without', onProgress: ({ says, done }) => console.log(says, done ?? ''),
  })
  console.log('restored')
  await dynamo.close()`

const budget = new Budget({ name: 'killed restores', short: 1, longSeconds: 120 })

it('leaves the empty database when it is killed, wherever it is, and the next try restores all', {
  timeout: budget.timeoutMs,
}, async () => {
  using kills = budget
  const steps = 12 + backup.postgres.tables.length + 14
  while (kills.next()) {
    await using into = await openStore()
    const empty = await rowsOf(into)
    const child = spawn(process.execPath, ['--input-type=module', '--eval', CHILD], {
      cwd: new URL('..', import.meta.url).pathname,
      env: {
        ...process.env,
        ...into.env,
        TARGET: folder.folder,
        BACKUP: backup.id,
        MIGRATIONS: new URL('../../../prisma/migrations', import.meta.url).pathname,
        DATABASE: into.url,
        PREFIX: into.prefix,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    let left = 1 + Math.floor(kills.random() * steps)
    let output = ''
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString()
      left -= text.toString().split('\n').length - 1
      if (left <= 0) child.kill('SIGKILL')
    })
    await ended
    // The server notices that its client is gone.
    while (
      (await into.sql('SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'))
        .length > 0
    )
      await sleep(20)
    const [mark] = await into.sql('SELECT FROM restores')
    if (mark) {
      expect(output).toContain('collecting statistics') // after its COMMIT
      continue
    }
    expect(await rowsOf(into)).toEqual(empty)
    await restoreBackup({ ...into.place, target, backup: backup.id, erase: 'without' })
    expect((await into.sql('SELECT FROM logs')).length).toBe(2000)
    expect(
      (await into.dynamo.events.byType('a', { from: new Date(Date.now() - 3_600_000), limit: 1000 })).items,
    ).toHaveLength(300)
  }
})
