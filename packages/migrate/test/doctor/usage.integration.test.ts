import { createTestDatabase, sql } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { usageCheck } from '../../src/doctor/usage.js'
import { checkDatabase } from '../../src/index.js'

const USER = '00000000-0000-7000-8000-000000000001'

const PEOPLE = `
  INSERT INTO users (id, email) VALUES ('${USER}', 'a@example.com');
  INSERT INTO plugins (id, name, display_name, source, version, tier)
  SELECT id, id, id, 'github:a/a', '1.0.0', 'pro' FROM unnest('{by-event,by-call,both,rows,changed}'::text[]) AS id;`

const total = (plugin: string, issues: number, executions = '{}'): string => `
  INSERT INTO usage_aggregates (user_id, plugin_id, period, issues, agent_executions)
  VALUES ('${USER}', '${plugin}', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM'), ${issues}, '${executions}');`

const event = (plugin: string, quantity: number | null, meter = 'issues', agent?: string): string => `
  INSERT INTO usage_events (user_id, plugin_id, event_type, quantity, meter, agent)
  VALUES ('${USER}', '${plugin}', 'command_used', ${quantity}, ${quantity === null ? 'NULL' : `'${meter}'`}, ${agent ? `'${agent}'` : 'NULL'});`

describe("doctor's check of usage", () => {
  it('finds usage that was recorded both by events and by calls, and nothing if it was only one of them', async () => {
    await using database = await createTestDatabase()
    const url = database.directDatabaseUrl
    const diagnose = () => checkDatabase(usageCheck, { database: url, migrations: import.meta.dirname })
    await sql(url, PEOPLE)
    await sql(
      url,
      total('by-event', 5, '{"coder": 2}') + event('by-event', 5) + event('by-event', 2, 'agent_executions', 'coder'),
    )
    await sql(url, total('by-call', 9) + event('by-call', null))
    expect(await diagnose()).toEqual([])

    await sql(url, total('both', 7) + event('both', 5))
    await sql(url, total('rows', 5) + event('rows', 5) + event('rows', null))
    await sql(url, total('changed', 4) + event('changed', 5))
    const month = new Date().toISOString().slice(0, 7)
    expect(await diagnose()).toMatchObject([
      {
        check: 'usage.two_origins',
        object: `${USER} both ${month}`,
        problem: expect.stringContaining('calls have also counted'),
      },
      { object: `${USER} changed ${month}`, problem: expect.stringContaining('below') },
      { object: `${USER} rows ${month}`, problem: expect.stringContaining('1 of its uses') },
    ])
  })

  it('finds nothing when there is no usage', async () => {
    await using database = await createTestDatabase({ empty: true })
    expect(
      await checkDatabase(usageCheck, { database: database.directDatabaseUrl, migrations: import.meta.dirname }),
    ).toEqual([])
  })
})
