import { DatabaseContext, lastBackupDrill } from '@miyabi/db'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type BackupTarget, drillBackup, recordDrill } from '../src/index.js'
import { backUp } from './by-hand.js'
import { migrations, openStore, type Store } from './store.js'
import { testFolder } from './written-backup.js'

const folder = testFolder()
let target: BackupTarget
let source: Store
beforeAll(async () => {
  target = await folder.open()
  source = await openStore({ tables: true })
  await source.sql(`
    INSERT INTO users (email) SELECT 'u' || i || '@example.com' FROM generate_series(1, 3) AS i;
    INSERT INTO plugins (id, name, display_name, source, version, tier) VALUES ('p', 'p', 'p', 'github:a/b', '1.0.0', 'pro');
    INSERT INTO usage_events (user_id, plugin_id, event_type) SELECT id, 'p', 'command_used' FROM users`)
  await source.dynamo.events.append({ eventType: 'a', data: { n: 1 } })
})
afterAll(async () => {
  await source[Symbol.asyncDispose]()
  folder.remove()
})

it('names what differs and nothing else, and the store knows of it', async () => {
  const bad = await backUp(target, source, (manifest) => ({
    ...manifest,
    postgres: {
      tables: manifest.postgres.tables.map((one) =>
        one.table === 'users' ? { ...one, hash: '0123456789abcdef' } : one,
      ),
      sequences: manifest.postgres.sequences.map((one) => ({ ...one, value: '77', isCalled: true })),
    },
  }))
  const drilled = await drillBackup({ target, backup: bad.id, migrations })
  expect(drilled).toMatchObject({
    backup: bad.id,
    equal: false,
    differences: ['public.users: rows are others than were backed up'],
    rows: bad.postgres.tables.reduce((sum, { rows }) => sum + rows, 0),
    items: 1,
    expired: 0,
  })
  // Beyond those of the server's own catalog, which are some 120 and 70.
  expect(drilled.indexes).toBeGreaterThan(200)
  expect(drilled.heaps).toBeGreaterThan(100)
  expect(Math.abs(drilled.lossMs - (Date.now() - Date.parse(bad.cut.at)))).toBeLessThan(60_000)
  await recordDrill(source.place.database, drilled)
  await using db = await DatabaseContext.fromEnv({ env: source.env })
  expect(await lastBackupDrill(db.asService())).toMatchObject({
    backup: bad.id,
    equal: false,
    lastGoodAt: undefined,
  })
})
