import { acquireStack } from '../../local/dist/index.js'
import pg from 'pg'
import { readFileSync, readdirSync } from 'node:fs'
import { differences } from '../test/row-security/matrix.ts'
import { fixture } from '../test/row-security/people.ts'
import { tables } from '../test/schema/rows.ts'
const stack = await acquireStack({ temporary: true })
const c = new pg.Client(stack.descriptor.postgres.directDatabaseUrl)
await c.connect()
for (const m of readdirSync('prisma/migrations').filter(x => /^\d/.test(x)).sort()) await c.query(readFileSync(`prisma/migrations/${m}/migration.sql`, 'utf8'))
for (const { table, id, values } of fixture) {
  const row: any = { id, ...values }
  await c.query(`INSERT INTO ${table} (${Object.keys(row)}) VALUES (${Object.keys(row).map((_, i) => '$' + (i + 1))})`, Object.values(row))
}
const cols: any = {}
for (const r of (await c.query(`SELECT attrelid::regclass::text t, attname n FROM pg_attribute a JOIN pg_class ON oid=attrelid WHERE relnamespace='public'::regnamespace AND relkind='r' AND attnum>0 AND NOT attisdropped`)).rows) (cols[r.t] ??= []).push(r.n)
const t = performance.now()
const r = await differences({ client: c, home: 'none' }, cols, tables)
console.log(r.tried, Math.round(performance.now() - t), r.differences.length)
for (const d of r.differences.slice(0, 60)) console.log(JSON.stringify(d))
await c.end(); await stack.close()
