import pg from 'pg'
import { expect, it } from 'vitest'
import { usePoolBench } from '../support.js'

const bench = usePoolBench({ empty: false })
const PERSON = '018f4e6a-7c1b-7000-8000-0000000000a2'

/** Rows that the planner expects of a query, asked by a person who has no row. */
async function estimates(client: pg.Client, conditions: readonly string[]): Promise<number[]> {
  await client.query(`BEGIN; SET LOCAL ROLE miyabi_web_user; SET LOCAL miyabi.web_user_id = '${PERSON}'`)
  const rows: number[] = []
  for (const condition of conditions) {
    const { rows: plans } = await client.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number; Plans?: object[] } }] }>(
      `EXPLAIN (FORMAT JSON) SELECT FROM repositories WHERE ${condition}`,
    )
    const expected = JSON.stringify(plans[0])
      .match(/"Plan Rows":(\d+)/g)
      ?.map((found) => Number(found.split(':')[1]))
    rows.push(Math.max(...(expected ?? [])))
  }
  await client.query('ROLLBACK')
  return rows
}

it('what ROW_LEVEL_SECURITY.md says of statistics is so: none can be read, EXPLAIN estimates by those of all rows', async () => {
  const service = new pg.Client(bench.serviceUrl)
  await service.connect()
  await service.query(`
    SET ROLE miyabi_service;
    INSERT INTO web_users (id, github_id, github_username) VALUES ('018f4e6a-7c1b-7000-8000-0000000000a1', 1, 'stranger');
    INSERT INTO repositories (user_id, github_repo_id, owner, name, full_name)
      SELECT '018f4e6a-7c1b-7000-8000-0000000000a1', n, 'acme', 'r' || n, 'acme/r' || n FROM generate_series(1, 4000) n`)
  await service.end()
  await bench.admin('ANALYZE repositories')
  const client = new pg.Client(bench.settings({}).databaseUrl)
  await client.connect()
  try {
    const [often, never] = await estimates(client, [`owner = 'acme'`, `owner = 'nobody'`])
    expect(never).toBeLessThan(often ?? 0)
    await client.query(`BEGIN; SET LOCAL ROLE miyabi_web_user; SET LOCAL miyabi.web_user_id = '${PERSON}'`)
    expect((await client.query('SELECT FROM repositories')).rowCount).toBe(0)
    expect((await client.query(`SELECT FROM pg_stats WHERE tablename = 'repositories'`)).rowCount).toBe(0)
    await client.query('ROLLBACK')
  } finally {
    await client.end()
  }
})
