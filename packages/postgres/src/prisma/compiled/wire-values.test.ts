import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { expect, it } from 'vitest'
import { toParameter } from '../../internals/pg.js'
import { withQuery } from '../../internals/prisma.js'
import { sendingEarlyDates } from '../early-dates.js'
import type { ArgType } from './plan.js'
import { wireValue } from './wire-values.js'

const factory = new PrismaPg(new pg.Pool({ host: 'localhost', user: 'none', database: 'none' })) // never connects
const adapter = sendingEarlyDates(await factory.connect())

/** What the adapter hands to the driver, as the driver sends it. */
async function ofAdapter(value: unknown, type: ArgType): Promise<unknown> {
  let sent: unknown
  const watched = withQuery(adapter, async ({ values = [] }) => {
    sent = toParameter(values[0])
    return { fields: [], rows: [], rowCount: 0, command: '', oid: 0 }
  })
  await watched.queryRaw({ sql: '', args: [value], argTypes: [type] } as Parameters<typeof watched.queryRaw>[0])
  return sent
}

const DATES = [
  '0001-01-01',
  '0099-12-31T23:59:59.999Z',
  '2026-11-29T08:05:03.07Z',
  '9999-12-31',
  '+010000-01-01T00:00:00.000Z',
]
const EARLY = ['0000-12-31T00:00:00.000Z', '-000043-03-15T12:00:00.001Z']
const scalar = (scalarType: string, dbType?: string): ArgType => ({
  arity: 'scalar',
  scalarType,
  ...(dbType && { dbType }),
})
const list = (scalarType: string, dbType?: string): ArgType => ({ ...scalar(scalarType, dbType), arity: 'list' })

const cases: readonly (readonly [unknown, ArgType])[] = [
  ...[...DATES, ...EARLY].flatMap((text) => [
    [new Date(text), scalar('datetime', 'TIMESTAMPTZ')] as const,
    [text, scalar('datetime', 'TIMESTAMPTZ')] as const,
    [text, scalar('string', 'TEXT')] as const,
  ]),
  ...DATES.flatMap((text) =>
    ['DATE', 'TIME', 'TIMETZ', 'TIMESTAMP'].map((type) => [new Date(text), scalar('datetime', type)] as const),
  ),
  ['no date', scalar('datetime', 'TIMESTAMPTZ')],
  ['AQL/', scalar('bytes', 'BYTEA')],
  [['AQL/', ''], list('bytes', 'BYTEA')],
  [Buffer.from([1, 2]), scalar('bytes')],
  [[...DATES.map((text) => new Date(text)), null], list('datetime', 'TIMESTAMPTZ')],
  [['a"b\\c', '{,}', 'NULL', '', null], list('string', 'TEXT')],
  [['a', 'b'], scalar('string', 'TEXT')],
  [[1, -1.5, 2 ** 40], list('int')],
  [[true, false], list('boolean')],
  [{ a: [1] }, scalar('json', 'JSONB')],
  ...[null, '', 'text', 0, -0, 1.5, 1e21, true, false].map((value) => [value, scalar('string', 'TEXT')] as const),
]

it.each(cases)('sends %j, of %j, as the adapter and the driver do', async (value, type) => {
  expect(wireValue(value, type)).toEqual(await ofAdapter(value, type))
})
