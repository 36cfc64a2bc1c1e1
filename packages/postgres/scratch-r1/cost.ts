import { acquireStack } from '../../local/dist/index.js'
import pg from 'pg'
import { readFileSync, readdirSync } from 'node:fs'
import { fixture, alice, wanda } from '../test/row-security/people.ts'
const stack = await acquireStack({ temporary: true })
const c = new pg.Client(stack.descriptor.postgres.directDatabaseUrl)
await c.connect()
for (const m of readdirSync('prisma/migrations').filter(x => /^\d/.test(x)).sort()) await c.query(readFileSync(`prisma/migrations/${m}/migration.sql`, 'utf8'))
for (const { table, id, values } of fixture) {
  const row: any = { id, ...values }
  await c.query(`INSERT INTO ${table} (${Object.keys(row)}) VALUES (${Object.keys(row).map((_, i) => '$' + (i + 1))})`, Object.values(row))
}
for (const t of ['users','plugins','subscriptions','licenses','workflows','execution_logs']) await c.query('ANALYZE ' + t)
const queries: any = {
  plugin: ["SELECT * FROM plugins WHERE id = $1", ['catalog']],
  user: ["SELECT * FROM users WHERE id = $1", [alice.id]],
  license: ["SELECT * FROM licenses WHERE license_key = $1", ['license of alice']],
  subs: ["SELECT * FROM subscriptions WHERE user_id = $1", [alice.id]],
  allsubs: ["SELECT * FROM subscriptions", []],
}
const time = async (name: string, role: string) => {
  await c.query('BEGIN'); await c.query("SELECT set_config('miyabi.user_id', $1, true), set_config('role', $2, true)", [alice.id, role])
  const [text, values] = queries[name]
  const run = async (n: number) => { const t = performance.now(); for (let i = 0; i < n; i++) await c.query({ name: name + role, text, values }); return (performance.now() - t) / n * 1000 }
  await run(300)
  const rounds = []; for (let i = 0; i < 9; i++) rounds.push(await run(200))
  await c.query('ROLLBACK')
  return rounds.sort((a, b) => a - b)[2]!
}
for (const name of Object.keys(queries)) {
  const s = await time(name, 'miyabi_service'), u = await time(name, 'miyabi_user')
  console.log(name, 'service', s.toFixed(1), 'user', u.toFixed(1), 'ratio', (u / s).toFixed(2))
}
await c.end(); await stack.close()
