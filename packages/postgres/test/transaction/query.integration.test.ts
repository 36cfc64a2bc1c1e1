import { describe, expect, it } from 'vitest'
import { toPostgresError } from '../../src/errors/map-error.js'
import type { TransactionRun } from '../../src/index.js'
import { PLUGIN, usePeople } from '../identity/people.js'
import { failureOf } from '../support.js'

const bench = usePeople()
const codeOf = async (work: Promise<unknown>) => toPostgresError(await failureOf(work)).code
const NAME = 'SELECT name FROM users WHERE id = $1'

describe('query() of a transaction', () => {
  it('is part of it: each sees what the other wrote, and all of it goes with a rollback', async () => {
    const { service, alice } = bench
    const seen: unknown[] = []
    const work = service.transaction(async (tx, { query }) => {
      await tx.user.update({ where: { id: alice.userId }, data: { name: 'by Prisma' } })
      seen.push((await query(NAME, [alice.userId])).rows)
      const { rowCount, command } = await query('UPDATE users SET name = $2 WHERE id = $1', [alice.userId, 'by SQL'])
      seen.push({ rowCount, command })
      seen.push(await tx.user.findUnique({ where: { id: alice.userId }, select: { name: true } }))
      seen.push((await service.query(NAME, [alice.userId])).rows)
      throw new Error('no more')
    })
    await expect(work).rejects.toThrow('no more')
    expect(seen).toEqual([
      [{ name: 'by Prisma' }],
      { rowCount: 1, command: 'UPDATE' },
      { name: 'by SQL' },
      [{ name: 'alice' }],
    ])
    expect((await service.query(NAME, [alice.userId])).rows).toEqual([{ name: 'alice' }])
  })

  it('asks as whoever the transaction belongs to', async () => {
    const { postgres, alice, bob } = bench
    const names = (userId: string) =>
      postgres.as({ userId }).transaction(async (_tx, { query }) => {
        const { rows } = await query<{ name: string }>('SELECT name FROM users WHERE $1::int = 1', [1])
        return rows.map(({ name }) => name)
      })
    for (let turn = 0; turn < 3; turn += 1)
      expect([await names(alice.userId), await names(bob.userId)]).toEqual([['alice'], ['bob']])
    const scope = postgres.as({ userId: alice.userId })
    const refused = (text: string) => codeOf(scope.transaction((_tx, { query }) => query(text)))
    expect(await refused("UPDATE users SET role = 'admin'")).toBe('postgres.permission_denied')
    expect(await refused('SELECT 1; RESET ROLE')).toBe('postgres.invalid_sql')
  })

  it('is run again with it after a conflict', async () => {
    const { service } = bench
    const text = 'SELECT downloads FROM plugins WHERE id = $1'
    let runs = 0
    const count = () =>
      service.transaction(
        async (_tx, { query }) => {
          runs += 1
          const { rows } = await query<{ downloads: number }>(text, [PLUGIN])
          await query('UPDATE plugins SET downloads = $2 WHERE id = $1', [PLUGIN, (rows[0]?.downloads ?? 0) + 1])
        },
        { isolation: 'Serializable' },
      )
    await Promise.all(Array.from({ length: 4 }, count))
    expect((await service.query(text, [PLUGIN])).rows).toEqual([{ downloads: 4 }])
    expect(runs).toBeGreaterThan(4)
  })

  it('is refused once the transaction is over, whoever has its connection then', async () => {
    const { service, alice } = bench
    let kept: TransactionRun['query'] | undefined
    await service.transaction(async (_tx, { query }) => {
      kept = query
      await query('SELECT 1')
    })
    expect(await codeOf(kept?.(NAME, [alice.userId]) ?? Promise.resolve())).toBe('postgres.transaction_timeout')
    const failed = service.transaction(async (_tx, { query }) => {
      kept = query
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect(await codeOf(kept?.(NAME, [alice.userId]) ?? Promise.resolve())).toBe('postgres.transaction_timeout')
  })

  it.each(['ROLLBACK', 'COMMIT', '/* mine */ END'])(
    '%s of its own is told, and nothing is done behind it',
    async (text) => {
      const { service, alice } = bench
      const rename = 'UPDATE users SET name = $2 WHERE id = $1'
      const nameNow = async () => (await service.query<{ name: string }>(NAME, [alice.userId])).rows[0]?.name
      const ended = 'postgres.transaction_ended'
      // Returning as if all were well.
      expect(await codeOf(service.transaction((_tx, { query }) => query(text)))).toBe(ended)
      const work = service.transaction(async (tx, { query }) => {
        await query(rename, [alice.userId, 'before'])
        await query(text)
        expect(await codeOf(query(rename, [alice.userId, 'behind']))).toBe(ended)
        expect(await codeOf(tx.user.updateMany({ data: { name: 'behind' } }))).toBe(ended)
      })
      expect(await codeOf(work)).toBe(ended)
      expect(await nameNow()).toBe(text === 'ROLLBACK' ? 'alice' : 'before')
      await service.query(rename, [alice.userId, 'alice'])
      expect(service.stats()).toMatchObject({ active: 0 })
    },
  )
})
