import pg from 'pg'
import { answer, databaseUrl, firstQuery } from './program.js'

const pool = new pg.Pool({ connectionString: databaseUrl() })
const { rows } = await pool.query<{ id: string }>(firstQuery.text)
answer(rows[0]?.id)
await pool.end()
