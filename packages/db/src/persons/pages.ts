import { PERSON } from './conditions.js'
import type { PersonKind } from './mark.js'
import { type Person, parametersOf, type Service } from './person.js'
import { type Place, places } from './places.js'

/** A table that may hold rows of a person. */
export interface PlaceOf {
  readonly table: string
  readonly place: Exclude<Place, { readonly action: 'keep' }>
  /** Which rows, in SQL. */
  readonly where: string
}

/** The tables that may hold rows of a kind of person, in the order in which they are erased. */
export function placesOf(kind: PersonKind): readonly PlaceOf[] {
  return Object.entries<Place>(places).flatMap(([table, place]) => {
    if (place.action === 'keep') return []
    const where = kind === 'user' ? place.user : place.webUser
    return where === undefined ? [] : [{ table, place, where }]
  })
}

const PAGE_ROWS = 500

/**
 * A column as JSON without loss: numbers that a double may not hold, and times, as strings. The documents in columns of
 * JSON are read as text, so that none is changed on the way.
 */
const exported = (name: string, type: string): string => {
  const column = `"${name}"`
  if (type === 'bigint' || type.startsWith('numeric')) return `${column}::text AS ${column}`
  if (!type.startsWith('timestamp')) return column
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS ${column}`
}

/** Every column that a table has in this database. */
const READ_COLUMNS = `
  SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
   WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`

/** A person's rows of one table, a page at a time, each as the text of a JSON object. */
export async function* rowsOf(
  service: Service,
  person: Person,
  { table, place, where }: PlaceOf,
): AsyncGenerator<string> {
  const columns = await service.query<{ readonly name: string; readonly type: string }>(READ_COLUMNS, [table])
  const list = columns.rows.map(({ name, type }) => exported(name, type)).join(', ')
  const [key, type] = place.key ?? ['id', 'uuid']
  const text = `${PERSON}
    SELECT page."${key}"::text AS key, row_to_json(shown)::text AS row FROM (
      SELECT * FROM ${table} WHERE (${where}) AND ($6::text IS NULL OR "${key}" > $6::text::${type})
       ORDER BY "${key}" LIMIT ${PAGE_ROWS}) AS page, LATERAL (SELECT ${list}) AS shown ORDER BY page."${key}"`
  let last: string | null = null
  for (;;) {
    const page: { readonly rows: readonly { readonly key: string; readonly row: string }[] } = await service.query(
      text,
      [...parametersOf(person), last],
    )
    for (const { row } of page.rows) yield row
    if (page.rows.length < PAGE_ROWS) return
    last = page.rows.at(-1)?.key ?? null
  }
}
