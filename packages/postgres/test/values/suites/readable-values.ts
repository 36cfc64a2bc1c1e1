import { readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { toPostgresError } from '../../../src/errors/map-error.js'
import { Prisma } from '../../../src/index.js'
import type { IdentityBench } from '../../identity/people.js'
import { PLUGIN } from '../../identity/people.js'
import { migrationsFolder } from '../../schema/postgres-15.js'
import { failureOf } from '../../support.js'

const at = (iso: string): Date => new Date(iso)
const BIG = '{"n": 9007199254740993}'

/**
 * SQL values, and how they are read through Prisma and by query(). A text stands for the error that names this kind.
 */
const read: readonly (readonly [sql: string, prisma: unknown, query: unknown])[] = [
  [`'0044-03-15 BC'::timestamptz`, at('-000043-03-15T00:00:00Z'), at('-000043-03-15T00:00:00Z')],
  [`'10000-01-01 00:00:00.5'::timestamptz`, at('+010000-01-01T00:00:00.500Z'), at('+010000-01-01T00:00:00.500Z')],
  [`'2026-01-01 12:00:00.123456+02'::timestamptz`, at('2026-01-01T10:00:00.123Z'), at('2026-01-01T10:00:00.123Z')],
  [`'0032-01-01'::timestamptz`, at('0032-01-01T00:00:00Z'), at('0032-01-01T00:00:00Z')],
  [`'0044-03-15 BC'::timestamp`, at('-000043-03-15T00:00:00Z'), undefined],
  [`'10000-01-01'::date`, at('+010000-01-01T00:00:00Z'), undefined],
  [`'0044-03-15 BC'::date`, at('-000043-03-15T00:00:00Z'), undefined],
  [
    `ARRAY['0044-03-15 BC'::timestamptz, NULL]`,
    [at('-000043-03-15T00:00:00Z'), null],
    [at('-000043-03-15T00:00:00Z'), null],
  ],
  [`'infinity'::timestamptz`, 'infinity', Number.POSITIVE_INFINITY],
  [`'-infinity'::timestamp`, 'infinity', Number.NEGATIVE_INFINITY],
  [`'infinity'::date`, 'infinity', Number.POSITIVE_INFINITY],
  [`ARRAY['infinity'::timestamptz]`, 'infinity', [Number.POSITIVE_INFINITY]],
  [`'294276-12-31'::timestamptz`, 'beyond the range of Date', 'beyond the range of Date'],
  [`ARRAY['294276-12-31'::timestamptz]`, 'beyond the range of Date', 'beyond the range of Date'],
  [`'24:00'::time`, 'the time 24:00:00', '24:00:00'],
  [`'10:00+02'::timetz`, 'a time of day with an offset', '10:00:00+02'],
  [`'10:00+00'::timetz`, at('1970-01-01T10:00:00Z'), '10:00:00+00'],
  [`'-1234.5'::money`, new Prisma.Decimal('-1234.5'), '-$1,234.50'],
  [`'${BIG}'::jsonb`, 'a JSON number', 'a JSON number'],
  [`'{"a": [{"n": -1e400}]}'::json`, 'a JSON number', 'a JSON number'],
  [`ARRAY['${BIG}'::jsonb]`, 'a JSON number', 'a JSON number'],
  [
    `'{"id": "9007199254740993", "n": [9007199254740994, 100000000000000000000, 0.1234567890123456]}'::jsonb`,
    { id: '9007199254740993', n: [9007199254740994, 100000000000000000000, 0.1234567890123456] },
    { id: '9007199254740993', n: [9007199254740994, 100000000000000000000, 0.1234567890123456] },
  ],
  [`ARRAY[[1, 2]]`, 'an array of arrays', [[1, 2]]],
  [`ARRAY[[now()]]`, 'an array of arrays', undefined],
  [`ARRAY[[1::int8]]`, 'an array of arrays', [['1']]],
  [`ARRAY[['a', NULL]]`, [['a', null]], [['a', null]]],
  [`'[2:3]={a,b}'::text[]`, ['a', 'b'], ['a', 'b']],
  [`ARRAY[0.123456789012345689, 'NaN']::numeric[]`, undefined, ['0.123456789012345689', 'NaN']],
  [
    `ARRAY['NaN', '-Infinity']::float8[]`,
    [Number.NaN, Number.NEGATIVE_INFINITY],
    [Number.NaN, Number.NEGATIVE_INFINITY],
  ],
  [`9007199254740993::int8`, 9007199254740993n, '9007199254740993'],
]

/** Values from the server are read unchanged, or reported. */
export function readableValues(bench: IdentityBench): void {
  describe('a value in a result', () => {
    const service = () => bench.service
    const expectTold = async (call: Promise<unknown>, column: string, kind: string, effect?: string): Promise<void> => {
      const error = toPostgresError(await failureOf(call))
      if (effect !== undefined) expect(error.effect).toBe(effect)
      expect(error).toMatchObject({
        code: 'postgres.unreadable_value',
        details: { columns: [column], kind: expect.stringContaining(kind) },
      })
      expect(error.message).toContain(`column ${column}: `)
    }

    it.each(read)('is unchanged, or is reported with column and kind: %s', async (sql, throughPrisma, byQuery) => {
      const text = `SELECT 1 AS before, ${sql} AS value`
      const prisma = () => service().prisma.$queryRawUnsafe<{ value: unknown }[]>(text)
      const query = () => service().query(text)
      if (typeof throughPrisma === 'string') await expectTold(prisma(), 'value', throughPrisma)
      else if (throughPrisma !== undefined) expect((await prisma())[0]?.value).toEqual(throughPrisma)
      if (typeof byQuery === 'string' && throughPrisma === byQuery) await expectTold(query(), 'value', byQuery)
      else if (byQuery !== undefined) expect((await query()).rows[0]?.['value']).toEqual(byQuery)
    })

    it('is reported for a named statement, and for none before it', async () => {
      const text = `SELECT $1::int AS before, $2::text::timestamptz AS value`
      for (let times = 0; times < 4; times += 1) {
        await expectTold(service().prisma.$queryRawUnsafe(text, times, 'infinity'), 'value', 'infinity')
        expect(await service().prisma.$queryRawUnsafe(text, times, '2026-01-01')).toEqual([
          { before: times, value: at('2026-01-01T00:00:00Z') },
        ])
      }
    })

    describe('from a table that permits it', () => {
      const KEPT = 'trials_expires_at_within_years_1_to_9999'
      const trial = (name: 'alice' | 'bob', expiresAt: string) =>
        bench.admin('INSERT INTO trials (user_id, plugin_id, license_key, expires_at) VALUES ($1, $2, $3, $4)', [
          bench[name].userId,
          PLUGIN,
          'k',
          expiresAt,
        ])
      beforeAll(async () => {
        const far = {
          userId: bench.alice.userId,
          pluginId: PLUGIN,
          licenseKey: 'k',
          expiresAt: at('+010000-01-01T00:00:00Z'),
        }
        expect(toPostgresError(await failureOf(service().prisma.trial.create({ data: far })))).toMatchObject({
          code: 'postgres.check_violation',
          details: { constraint: KEPT, columns: ['expires_at'] },
        })
        await bench.admin(`ALTER TABLE trials DROP CONSTRAINT ${KEPT}`)
        await bench.admin('ALTER TABLE plugins DROP CONSTRAINT plugins_categories_is_flat_without_null')
        await trial('alice', '10000-01-01')
        await trial('bob', 'infinity')
      })

      it('is reported by find, include, aggregate, in transactions and after a change, and can be read as text', async () => {
        const { prisma, transaction } = service()
        const where = { userId: bench.bob.userId }
        for (const call of [
          () => prisma.trial.findMany(),
          () => prisma.trial.findFirst({ where }),
          () => prisma.user.findMany({ include: { trials: true } }),
          () => transaction((tx) => tx.trial.findMany()),
          () => prisma.$transaction([prisma.trial.findMany()]),
        ])
          await expectTold(call(), 'expires_at', 'infinity', 'none')
        const change = () => prisma.trial.updateManyAndReturn({ where, data: { licenseKey: 'changed' } })
        await expectTold(change(), 'expires_at', 'infinity', 'unknown')
        const text = 'SELECT expires_at::text AS at FROM trials WHERE user_id = $1::uuid'
        expect((await service().query(text, [where.userId])).rows).toEqual([{ at: 'infinity' }])
        const error = toPostgresError(await failureOf(prisma.trial.aggregate({ _max: { expiresAt: true } })))
        expect(error).toMatchObject({ code: 'postgres.unreadable_value' })
        expect((await prisma.trial.aggregate({ _min: { expiresAt: true } }))._min.expiresAt).toEqual(
          at('+010000-01-01T00:00:00Z'),
        )
      })

      it('is reported to its own caller, and not to the others of the tick', async () => {
        const found = (client: Pick<typeof bench.service.prisma, 'trial'>) =>
          Promise.allSettled(
            [bench.bob, bench.alice].map(({ userId }) =>
              client.trial.findUnique({ where: { userId_pluginId: { userId, pluginId: PLUGIN } } }),
            ),
          )
        const expected = [
          { status: 'rejected', reason: { code: 'postgres.unreadable_value' } },
          { status: 'fulfilled', value: { expiresAt: at('+010000-01-01T00:00:00Z') } },
        ]
        expect(await found(service().prisma)).toMatchObject(expected)
        expect(await service().transaction(found)).toMatchObject(expected)
      })

      it('is reported for a NULL and a list in a list, which Prisma cannot represent', async () => {
        const { prisma } = service()
        const where = { id: PLUGIN }
        await bench.admin(`UPDATE plugins SET categories = ARRAY['a', NULL] WHERE id = $1`, [PLUGIN])
        await expectTold(prisma.plugin.findMany({ where }), 'categories', 'NULL inside an array')
        await bench.admin(`UPDATE plugins SET categories = ARRAY[['a', 'b']] WHERE id = $1`, [PLUGIN])
        await expectTold(prisma.plugin.findUnique({ where }), 'categories', 'an array of other values')
        await bench.admin(`UPDATE plugins SET categories = '{}' WHERE id = $1`, [PLUGIN])
        await bench.admin(`INSERT INTO logs (level, message, data) VALUES ('info', 'big', $1)`, [BIG])
        await expectTold(prisma.log.findMany({ where: { message: 'big' } }), 'data', 'a JSON number')
      })
    })

    it('is searched for by the migration that forbids new ones, which says what to do about existing ones', async () => {
      const [first, second] = ['20261129190000_readable_values', '20261129190100_readable_values_checked'].map(
        (name) => (file: string) => readFileSync(path.join(migrationsFolder, name, file), 'utf8'),
      )
      const update = `UPDATE users SET created_at = '-infinity' WHERE id = '${bench.bob.userId}'`
      const lines = [
        `ALTER TABLE trials ADD CONSTRAINT trials_expires_at_within_years_1_to_9999 CHECK (true)`,
        `ALTER TABLE plugins ADD CONSTRAINT plugins_categories_is_flat_without_null CHECK (true)`,
        first?.('down.sql'),
        update,
        first?.('migration.sql'),
        second?.('migration.sql'),
      ]
      const failure = await failureOf(bench.admin(`BEGIN; ${lines.join(';\n')}; COMMIT`))
      await bench.admin('ROLLBACK')
      expect(failure).toMatchObject({
        code: '23514',
        table: 'users',
        constraint: 'users_created_at_within_years_1_to_9999',
      })
      expect((failure as Error).message).toMatch(/SELECT \* FROM users WHERE NOT \(.*created_at/)
    })
  })
}
