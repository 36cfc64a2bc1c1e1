import { gunzipSync } from 'node:zlib'
import initSqlJs, { type Database } from 'sql.js'
import { beforeEach, describe, expect, it } from 'vitest'
import { file } from './stream-records.generated.js'

const DAY = 86_400
const { Database: Sqlite } = await initSqlJs()

let database: Database
beforeEach(() => {
  database = new Sqlite(gunzipSync(Buffer.from(file, 'base64')))
})

const rows = (sql: string): unknown[][] => database.exec(sql)[0]?.values ?? []
const plan = (sql: string): string => rows(`EXPLAIN QUERY PLAN ${sql}`).join('\n')

/** Records of a stream, numbered from one number to another. */
function record(table: string, from: number, to: number, createdAt: number): void {
  database.run(
    `WITH RECURSIVE numbers(n) AS (VALUES (${from}) UNION ALL SELECT n + 1 FROM numbers WHERE n < ${to})
     INSERT INTO _stream_records (table_name, event_name, keys_json, sequence_number, shard_id, created_at)
     SELECT '${table}', 'INSERT', '{}', CAST(n AS TEXT), 'shard', ${createdAt} FROM numbers`,
  )
}

const kept = (): unknown[][] =>
  rows('SELECT table_name, count(*), min(CAST(sequence_number AS INTEGER)) FROM _stream_records GROUP BY 1 ORDER BY 1')

describe('the initial file of the DynamoDB engine', () => {
  it("answers the engine's queries of every write and read from an index, without sorting", () => {
    // As `strings` shows them in the binary.
    const nextNumber =
      "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records WHERE table_name = 't'"
    const page = `SELECT event_name FROM _stream_records
      WHERE table_name = 't' AND shard_id = 's' AND CAST(sequence_number AS INTEGER) > 1
      ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT 10`
    expect(plan(nextNumber)).toMatch(/SEARCH _stream_records USING (COVERING )?INDEX miyabi_stream_number/)
    expect(plan(page)).toMatch(/USING INDEX miyabi_stream_shard/)
    expect(plan(page)).not.toContain('TEMP B-TREE')
  })

  it('keeps all records that are younger than a day', () => {
    record('events', 1, 1000, 0)
    record('events', 1001, 2000, DAY)
    expect(kept()).toEqual([['events', 2000, 1]])
  })

  it('deletes records that are older than a day', () => {
    record('events', 1, 200, 0)
    record('events', 201, 300, DAY + 1)
    expect(kept()).toEqual([['events', 100, 201]])
  })

  it('keeps the last record of every stream, because the next number is derived from it', () => {
    record('quiet', 7, 7, 0)
    record('events', 1, 199, 0)
    record('events', 200, 399, DAY + 1)
    expect(kept()).toEqual([
      ['events', 200, 200],
      ['quiet', 1, 7],
    ])
  })
})
