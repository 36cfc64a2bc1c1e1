import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { idOf, insert } from '../rows.js'
import { type OpenSchemaDatabase, refusal, type SchemaDatabase } from '../schema-database.js'

export function functions(open: OpenSchemaDatabase): void {
  describe('functions', () => {
    let db: SchemaDatabase
    let user: string
    let plugin: string
    beforeAll(async () => {
      db = await open()
    })
    beforeEach(async () => {
      user = await idOf(db, 'users')
      plugin = await idOf(db, 'plugins')
    })
    afterAll(() => db.close())

    const aggregate = async () =>
      (await db.query('SELECT * FROM usage_aggregates WHERE user_id = $1 AND plugin_id = $2', [user, plugin]))[0]
    const incrementUsage = async (metric: string | null, amount: unknown, period = '2025-11') =>
      (
        await db.query('SELECT increment_usage($1, $2, $3, $4, $5) AS total', [user, plugin, period, metric, amount])
      )[0]?.['total']
    const incrementAgent = async (agent: string | null) =>
      (
        await db.query('SELECT increment_agent_execution($1, $2, $3, $4) AS total', [user, plugin, '2025-11', agent])
      )[0]?.['total']

    describe('increment_usage', () => {
      it('starts a month and adds to it, each metric by itself', async () => {
        expect(await incrementUsage('issues', 2)).toBe('2')
        expect(await incrementUsage('issues', 3)).toBe('5')
        expect(await incrementUsage('tokens', 7)).toBe('7')
        expect(await aggregate()).toMatchObject({ issues: 5, tokens: '7', agent_executions: {} })
      })

      it('counts one by default', async () => {
        await db.query('SELECT increment_usage($1, $2, $3, $4)', [user, plugin, '2025-11', 'issues'])
        expect(await aggregate()).toMatchObject({ issues: 1 })
      })

      it('keeps months apart', async () => {
        await incrementUsage('issues', 1, '2025-11')
        expect(await incrementUsage('issues', 1, '2025-12')).toBe('1')
      })

      it('counts tokens past what an integer holds', async () => {
        await incrementUsage('tokens', '3000000000')
        expect(await incrementUsage('tokens', '3000000000')).toBe('6000000000')
      })

      it('loses no count when 50 callers add at once, the first of them included', async () => {
        await Promise.all(Array.from({ length: 50 }, () => incrementUsage('tokens', 10)))
        expect(await aggregate()).toMatchObject({ tokens: '500' })
      })

      it.each(['issue', 'ISSUES', '', null])('names the unknown metric %j and does nothing', async (metric) => {
        const { code, message } = await refusal(incrementUsage(metric, 1))
        expect(code).toBe('22023')
        expect(message).toBe(
          `Unknown usage metric ${metric === null ? 'NULL' : `'${metric}'`}: expected issues or tokens.`,
        )
        expect(await aggregate()).toBeUndefined()
      })

      it.each([-1, null])('refuses the amount %j', async (amount) => {
        const { code, message } = await refusal(incrementUsage('issues', amount))
        expect(code).toBe('22023')
        expect(message).toContain(`cannot be incremented by ${amount ?? 'NULL'}`)
      })

      it.each([
        ['issues', '1000001'],
        ['tokens', '1000000000001'],
        ['tokens', '9223372036854775807'],
      ])('refuses more %s at once than one report can be about: %s', async (metric, amount) => {
        const { code, message } = await refusal(incrementUsage(metric, amount))
        expect(code).toBe('22023')
        expect(message).toMatch(new RegExp(`cannot be incremented by ${amount}: expected 0 to \\d+ ${metric}`))
      })

      it.each([
        ['issues', '2147483647'],
        ['tokens', '9223372036854775807'],
      ])(
        'keeps a total of %s that its column cannot hold at the most it can, and goes on counting the other',
        async (metric, most) => {
          await incrementUsage('issues', 0)
          await db.query(`UPDATE usage_aggregates SET ${metric} = $1::bigint - 1 WHERE user_id = $2`, [most, user])
          expect(await incrementUsage(metric, 2)).toBe(most)
          expect(await incrementUsage(metric, 1)).toBe(most)
          expect(await incrementUsage(metric === 'issues' ? 'tokens' : 'issues', 3)).toBe('3')
        },
      )

      it('refuses a month that has not begun', async () => {
        const { code, message } = await refusal(incrementUsage('issues', 1, '9999-12'))
        expect(code).toBe('22023')
        expect(message).toContain("Usage of '9999-12' cannot be counted")
      })

      it('refuses a month that is none, and a person or a plugin that is not there', async () => {
        expect(await refusal(incrementUsage('issues', 1, '2025-11-01'))).toMatchObject({
          constraint: 'usage_aggregates_period_is_month',
        })
        plugin = 'nowhere'
        expect(await refusal(incrementUsage('issues', 1))).toMatchObject({
          constraint: 'usage_aggregates_plugin_id_fkey',
        })
      })
    })

    describe('increment_agent_execution', () => {
      it('counts each agent by itself, and leaves the other counters alone', async () => {
        await incrementUsage('issues', 4)
        expect(await incrementAgent('CodeGen')).toBe('1')
        expect(await incrementAgent('CodeGen')).toBe('2')
        expect(await incrementAgent('Review')).toBe('1')
        expect(await aggregate()).toMatchObject({ issues: 4, agent_executions: { CodeGen: 2, Review: 1 } })
      })

      it('loses no count when 50 callers add at once', async () => {
        await Promise.all(Array.from({ length: 50 }, (_, i) => incrementAgent(i % 2 ? 'CodeGen' : 'Review')))
        expect(await aggregate()).toMatchObject({ agent_executions: { CodeGen: 25, Review: 25 } })
      })

      it.each([
        ['', 'blank'],
        ['  ', 'blank'],
        [null, 'NULL'],
      ])('refuses the agent %j', async (agent, said) => {
        const { code, message } = await refusal(incrementAgent(agent))
        expect(code).toBe('22023')
        expect(message).toContain(said)
      })
    })

    describe('the agents of one month', () => {
      it('have names of at most 100 characters', async () => {
        expect(await incrementAgent('é'.repeat(100))).toBe('1')
        const { code, message } = await refusal(incrementAgent('x'.repeat(101)))
        expect(code).toBe('22023')
        expect(message).toContain('at most 100 characters: this one has 101')
      })

      it('are at most 100, which can be counted on', async () => {
        await db.query(
          `INSERT INTO usage_aggregates (user_id, plugin_id, period, agent_executions)
           SELECT $1, $2, '2025-11', jsonb_object_agg('agent ' || n, 1) FROM generate_series(1, 100) n`,
          [user, plugin],
        )
        expect(await refusal(incrementAgent('one more'))).toMatchObject({ code: '54000' })
        expect(await incrementAgent('agent 100')).toBe('2')
      })

      it('are counted in months that have begun', async () => {
        const call = db.query(`SELECT increment_agent_execution($1, $2, '9999-12', 'CodeGen')`, [user, plugin])
        expect(await refusal(call)).toMatchObject({ code: '22023' })
      })
    })

    describe('increment_downloads', () => {
      it('adds one and answers the new total, also with 50 callers at once', async () => {
        const totals = await Promise.all(
          Array.from({ length: 50 }, async () =>
            Number((await db.query('SELECT increment_downloads($1) AS total', [plugin]))[0]?.['total']),
          ),
        )
        expect(totals.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
      })

      it('names a plugin that is not there', async () => {
        expect(await refusal(db.query(`SELECT increment_downloads('nowhere')`))).toMatchObject({
          code: 'P0002',
          message: "There is no plugin 'nowhere'.",
        })
      })
    })

    describe('update_plugin_rating', () => {
      it('repairs a rating that somebody set by hand, and answers it', async () => {
        await insert(db, 'plugin_reviews', { plugin_id: plugin, rating: 2 })
        await db.query('UPDATE plugins SET rating = 5 WHERE id = $1', [plugin])
        const rows = await db.query('SELECT update_plugin_rating($1) AS rating', [plugin])
        expect(rows).toEqual([{ rating: '2.00' }])
      })

      it('names a plugin that is not there', async () => {
        expect(await refusal(db.query(`SELECT update_plugin_rating('nowhere')`))).toMatchObject({
          code: 'P0002',
          message: "There is no plugin 'nowhere'.",
        })
      })
    })
  })
}
