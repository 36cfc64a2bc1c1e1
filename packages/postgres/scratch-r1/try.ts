import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { acquireStack } from '../../local/dist/index.js'

const stack = await acquireStack({ temporary: true })
const c = new pg.Client(stack.descriptor.postgres.directDatabaseUrl)
await c.connect()
c.on('notice', (n) => console.log('notice', n.message))
for (const m of readdirSync('prisma/migrations')
  .filter((x) => /^\d/.test(x))
  .sort()) {
  const sql = readFileSync(`prisma/migrations/${m}/migration.sql`, 'utf8')
  const t = performance.now()
  try {
    await c.query(sql)
    console.log(m, performance.now() - t)
  } catch (e: any) {
    console.log(
      m,
      e.message,
      e.hint,
      e.where,
      sql.slice(Math.max(0, Number(e.position ?? 0) - 80), Number(e.position ?? 0) + 80),
    )
    break
  }
}
await c.end()
await stack.close()
