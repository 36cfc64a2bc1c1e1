import { createTestDatabase, sql, type TestDatabase } from '@miyabi/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { miyabi, type Result, stackFolder, start } from './miyabi.js'

const { folder, remove } = stackFolder()
const USER = '00000000-0000-7000-8000-000000000001'
let database: TestDatabase
let env: Record<string, string>
beforeAll(async () => {
  database = await createTestDatabase()
  env = { DIRECT_DATABASE_URL: database.directDatabaseUrl }
  await sql(
    database.directDatabaseUrl,
    `DROP TABLE parts.usage_events_before; SELECT parts.add_month('usage_events', month::date) FROM generate_series('2026-01-01', now() + interval '2 months', interval '1 month') AS month;
     INSERT INTO users (id, email) VALUES ('${USER}', 'a@example.com');
     INSERT INTO plugins (id, name, display_name, source, version, tier) VALUES ('p', 'p', 'p', 'github:a/a', '1.0.0', 'pro');
     INSERT INTO usage_events (id, user_id, plugin_id, event_type, quantity, meter, created_at)
     VALUES (id_at('2026-01-15'), '${USER}', 'p', 'command_used', 7, 'issues', '2026-01-15')`,
  )
})
afterAll(async () => {
  await database.drop()
  await remove()
})

const run = (line: string): Promise<Result> => miyabi(folder, line.split(' '), env)

describe('miyabi maintain', () => {
  it('has nothing to do in a new database, and says what it would do in others', async () => {
    expect(await run('maintain')).toMatchObject({ code: 0, stdout: 'nothing to do\n' })
    const dry = await run('maintain --ahead 14 --dry-run --json')
    expect(JSON.parse(dry.stdout)).toMatchObject({ dryRun: true, steps: expect.any(Array) })
    const { stdout } = await run('maintain --ahead 14 --dry-run')
    expect(stdout.trim().split('\n')).toHaveLength(JSON.parse(dry.stdout).steps.length)
    expect(stdout).toMatch(/^would be created {2}execution_logs \d{4}-\d{2}$/m)
  })

  it('ends with 2 where usage was kept, names the difference, and drops it by force', async () => {
    const kept = await run('maintain --keep usage_events=20y')
    expect(kept).toMatchObject({ code: 0 })
    // The first months of 2026 are old enough for one of these from March 2026 on.
    const keep = `maintain --keep usage_events=${monthsSinceFebruary2026()}months`
    const found = await run(keep)
    expect(found.code).toBe(2)
    expect(found.stdout).toContain(
      `2026-01 ${USER} p: its events sum up to 7 issues, 0 tokens, agents {}, its total is missing`,
    )
    expect(await run(`${keep} --force`)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('dropped  parts.usage_events_2026_01'),
    })
  })

  it('refuses what it cannot read, before it does anything', async () => {
    for (const [line, told] of [
      ['maintain --keep users=90d', 'migrate.partitions.table_unknown'],
      ['maintain --keep logs', 'migrate.partitions.keep_invalid'],
      ['maintain --keep logs=1d,logs=2d', 'migrate.partitions.keep_invalid'],
      ['maintain --ahead some', 'cli.usage'],
      ['maintain --every 5', 'cli.usage'],
    ] as const)
      expect(await run(line)).toMatchObject({ code: 1, stderr: expect.stringContaining(told) })
  })

  it('goes on until it is told to end', async () => {
    const { child, result } = start(folder, ['maintain', '--every', '1s', '--json'], env)
    let lines = 0
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (text: Buffer) => {
        lines += text.toString().split('\n').length - 1
        if (lines >= 2) resolve()
      })
    })
    child.kill('SIGTERM')
    const { code, stdout } = await result
    expect(code).toBe(0)
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ dryRun: false, steps: [] })
  })
})

function monthsSinceFebruary2026(): number {
  const now = new Date()
  return (now.getUTCFullYear() - 2026) * 12 + now.getUTCMonth() - 1
}
