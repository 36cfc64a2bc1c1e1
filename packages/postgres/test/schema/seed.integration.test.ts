import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCurrent } from './current-database.js'
import type { SchemaDatabase } from './schema-database.js'

const root = path.resolve(import.meta.dirname, '../../../..')

describe('the seed', () => {
  let db: SchemaDatabase
  beforeAll(async () => {
    db = await openCurrent()
  })
  afterAll(() => db.close())

  const seed = (): string => {
    // What the command `tsx` does in a second process.
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'prisma/seed/main.ts'], {
      cwd: root,
      // Where a login that owns the tables is refused to an application.
      env: { ...process.env, DIRECT_DATABASE_URL: db.url, NODE_ENV: 'production' },
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`The seed ended with ${status}: ${stderr}`)
    return stdout
  }
  const stored = () =>
    Promise.all([db.query('SELECT * FROM users ORDER BY id'), db.query('SELECT * FROM plugins ORDER BY id')])

  it('adds one admin and five plugins of theirs', async () => {
    expect(seed()).toBe('Seed: added 1 user and 5 plugins\n')
    const [users, plugins] = await stored()
    expect(users).toMatchObject([{ role: 'admin' }])
    expect(
      plugins.map(({ id, tier, price, billing_period, trial_period, requires_plugin_id, author_id }) => [
        id,
        tier,
        price,
        billing_period,
        trial_period,
        requires_plugin_id,
        author_id === users[0]?.['id'],
      ]),
    ).toEqual([
      ['miyabi-operations-enterprise', 'enterprise', 500_000, 'monthly', null, null, true],
      ['miyabi-operations-free', 'free', 0, null, null, null, true],
      ['miyabi-operations-pro', 'pro', 2900, 'monthly', 14, null, true],
      ['miyabi-security-scanner', 'addon', 4900, 'monthly', null, 'miyabi-operations-pro', true],
      ['miyabi-workflow-templates', 'addon', 1900, 'one-time', null, 'miyabi-operations-pro', true],
    ])
    for (const { limitations } of plugins) {
      expect(Object.keys(limitations).sort()).toEqual(['claude_api_tokens', 'concurrency', 'monthly_issues', 'support'])
    }
  })

  it('changes nothing the second time, not even updated_at', async () => {
    const before = await stored()
    expect(seed()).toBe('Seed: nothing to add, the admin and the plugins already exist\n')
    expect(await stored()).toEqual(before)
  })

  it('adds what is missing and leaves alone what somebody edited', async () => {
    await db.query(`DELETE FROM plugins WHERE id = 'miyabi-workflow-templates'`)
    await db.query(`UPDATE plugins SET price = 1 WHERE id = 'miyabi-operations-pro'`)
    expect(seed()).toBe('Seed: added 0 users and 1 plugin\n')
    expect(await db.query(`SELECT price FROM plugins WHERE id = 'miyabi-operations-pro'`)).toEqual([{ price: 1 }])
  })
})
