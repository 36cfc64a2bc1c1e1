import pg from 'pg'
import { exactJson, exactJsonb } from './exact-json.js'
import { UnreadableValue } from './unreadable-value.js'

/** Reads the text of one value. */
type Read = (text: string) => unknown

/** The server's types by their OIDs, which never change. */
const OID = {
  json: 114,
  jsonArray: 199,
  money: 790,
  moneyArray: 791,
  boolArray: 1000,
  byteaArray: 1001,
  int2Array: 1005,
  int4Array: 1007,
  textArray: 1009,
  int8Array: 1016,
  float4Array: 1021,
  float8Array: 1022,
  oidArray: 1028,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestampArray: 1115,
  dateArray: 1182,
  timeArray: 1183,
  timestamptz: 1184,
  timestamptzArray: 1185,
  numericArray: 1231,
  timetz: 1266,
  jsonb: 3802,
  jsonbArray: 3807,
} as const

/** The driver's own parser of a type. */
const driversReader = (oid: number): Read => (pg.types as pg.CustomTypesConfig).getTypeParser(oid, 'text')
const textsOf = driversReader(OID.textArray) as (text: string) => Nested
type Nested = readonly (Nested | string | null)[]

/**
 * The parsers of Prisma's adapter, except for values that it would misread: dates BC, after the year 9999 and with
 * other offsets are read correctly; values that Prisma cannot represent (infinity, 24:00, JSON's big numbers, arrays of
 * arrays) are errors.
 */
export function prismaReaders(given: pg.CustomTypesConfig): pg.CustomTypesConfig {
  const readers = new Map<number, Read>([
    [OID.timestamptz, moment],
    [OID.timestamp, moment],
    [OID.date, date],
    [OID.time, time],
    [OID.timetz, timeAtUtc],
    [OID.money, money],
    [OID.json, exactJson],
    [OID.jsonb, exactJsonb],
    [OID.timestamptzArray, listOf(moment)],
    [OID.timestampArray, listOf(moment)],
    [OID.dateArray, listOf(date)],
    [OID.timeArray, listOf(time)],
    [OID.moneyArray, listOf(money)],
    [OID.jsonArray, listOf(exactJson)],
    [OID.jsonbArray, listOf(exactJsonb)],
  ])
  for (const oid of FLAT_ARRAYS) {
    const read: Read = given.getTypeParser(oid, 'text')
    readers.set(oid, (text) => flat(read(text)))
  }
  return readingWith(readers, given)
}

/** Prisma treats the elements of these as scalars, whatever they are. */
const FLAT_ARRAYS: readonly number[] = [
  OID.boolArray,
  OID.byteaArray,
  OID.int2Array,
  OID.int4Array,
  OID.int8Array,
  OID.float4Array,
  OID.float8Array,
  OID.oidArray,
  OID.numericArray,
]

/**
 * The parsers for SQL without Prisma: the driver's own, except for values that it would misread. Moments beyond the
 * range of Date and JSON's big numbers are errors; numeric[] is read as texts, like numeric.
 */
export const sqlReaders: pg.CustomTypesConfig = readingWith(
  new Map<number, Read>([
    ...[OID.timestamptz, OID.timestamp, OID.date, OID.timestamptzArray, OID.timestampArray, OID.dateArray].map(
      (oid): [number, Read] => {
        const read = driversReader(oid)
        return [oid, (text) => validDates(read(text))]
      },
    ),
    [OID.json, json],
    [OID.jsonb, jsonb],
    [OID.jsonArray, (text) => eachOf(textsOf(text), json)],
    [OID.jsonbArray, (text) => eachOf(textsOf(text), jsonb)],
    [OID.numericArray, textsOf],
  ]),
  pg.types as pg.CustomTypesConfig,
)

function readingWith(readers: ReadonlyMap<number, Read>, others: pg.CustomTypesConfig): pg.CustomTypesConfig {
  const getTypeParser = (oid: number, format?: 'text' | 'binary'): unknown =>
    (format === 'binary' ? undefined : readers.get(oid)) ?? others.getTypeParser(oid, format)
  return { getTypeParser: getTypeParser as pg.CustomTypesConfig['getTypeParser'] }
}

const MOMENT = /^(\d{4,})-(\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?)(?:([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?)?)?( BC)?$/

/** ISO 8601 of a timestamp with or without time zone. */
function moment(text: string): string {
  const isZoned = text.endsWith('+00')
  const isUsual = text.charCodeAt(4) === HYPHEN && (isZoned || /\d\d:\d\d:\d\d[.\d]*$/.test(text))
  if (!isUsual) return isoOf(text)
  return `${text.slice(0, 10)}T${isZoned ? text.slice(11, -3) : text.slice(11)}+00:00`
}

const HYPHEN = 45

function date(text: string): string {
  return text.length === 10 && text.charCodeAt(4) === HYPHEN ? text : isoOf(text)
}

/** For a moment in an unusual form: its year has five digits or is BC, it has an offset, or it is not a moment. */
function isoOf(text: string): string {
  const [, year, day, timeOfDay = '00:00:00', sign, hours = 0, minutes = 0, seconds = 0, isBC] = MOMENT.exec(text) ?? []
  if (year === undefined) throw new UnreadableValue('infinity, which Date cannot represent')
  const ofEra = isBC ? 1 - Number(year) : Number(year)
  const isoYear = `${ofEra < 0 ? '-' : '+'}${String(Math.abs(ofEra)).padStart(6, '0')}`
  const offset = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * (sign === '-' ? -1 : 1)
  const at = new Date(Date.parse(`${isoYear}-${day}T${timeOfDay}Z`) - offset * 1000)
  if (Number.isNaN(at.getTime())) throw new UnreadableValue(BEYOND_DATE)
  return at.toISOString()
}

const BEYOND_DATE = 'a moment beyond the range of Date, the years -271821 to 275760'

function time(text: string): string {
  if (text.startsWith('24')) throw new UnreadableValue('the time 24:00:00, which Date reads as the next day')
  return text
}

function timeAtUtc(text: string): string {
  const [, timeOfDay, offset] = /^(.*?)([+-].*)$/.exec(text) ?? []
  if (timeOfDay === undefined || !/^[+-]00$/.test(offset ?? ''))
    throw new UnreadableValue('a time of day with an offset from UTC, which Date cannot represent')
  return time(timeOfDay)
}

/** In the format of the C locale and that of the United States. */
function money(text: string): string {
  const [, sign = '', amount] = /^(-?)\$([\d,]+\.\d\d)$/.exec(text) ?? []
  if (amount === undefined) throw new UnreadableValue("an amount of money in another locale's format")
  return sign + amount.replaceAll(',', '')
}

function json(text: string): unknown {
  return JSON.parse(exactJson(text))
}

function jsonb(text: string): unknown {
  return JSON.parse(exactJsonb(text))
}

function listOf(read: Read): Read {
  return (text) => flat(textsOf(text)).map((item) => (item === null ? null : read(item as string)))
}

function flat(list: unknown): readonly unknown[] {
  const items = list as readonly unknown[]
  if (items.some(Array.isArray)) throw new UnreadableValue('an array of arrays')
  return items
}

function eachOf(list: Nested, read: Read): unknown[] {
  return list.map((item) => (item === null ? null : typeof item === 'string' ? read(item) : eachOf(item, read)))
}

function validDates(value: unknown): unknown {
  if (Array.isArray(value)) value.forEach(validDates)
  else if (value instanceof Date && Number.isNaN(value.getTime())) throw new UnreadableValue(BEYOND_DATE)
  return value
}
