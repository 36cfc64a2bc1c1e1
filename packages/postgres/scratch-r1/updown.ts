import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { acquireStack } from '../../local/dist/index.js'
import { startPostgres15 } from '../test/schema/postgres-15.ts'
import { startPrivateServer } from '../test/server/private-server.ts'

const dump = `
 SELECT format('rel %s %s owner %s rls %s force %s acl %s', c.relkind, c.relname, c.relowner::regrole, c.relrowsecurity, c.relforcerowsecurity, coalesce(c.relacl, acldefault('r', c.relowner))) AS line FROM pg_class c WHERE relnamespace='public'::regnamespace AND relkind='r'
 UNION ALL SELECT format('fn %s owner %s definer %s acl %s cfg %s', p.oid::regprocedure, p.proowner::regrole, prosecdef, coalesce(proacl, acldefault('f', proowner)), proconfig) FROM pg_proc p WHERE pronamespace='public'::regnamespace
 UNION ALL SELECT format('policy %s %s', polrelid::regclass, polname) FROM pg_policy
 UNION ALL SELECT format('att %s %s %s', attrelid::regclass, attname, attacl) FROM pg_attribute WHERE attacl IS NOT NULL
 UNION ALL SELECT format('ns %s %s', nspname, nspacl) FROM pg_namespace WHERE nspname='public'
 UNION ALL SELECT format('defacl %s', defaclacl) FROM pg_default_acl ORDER BY 1`
const ms = readdirSync('prisma/migrations')
  .filter((x) => /^\d/.test(x))
  .sort()
const sql = (m: string, f: string) => readFileSync(`prisma/migrations/${m}/${f}.sql`, 'utf8')
async function go(url: string) {
  const c = new pg.Client(url)
  await c.connect()
  for (const m of ms.slice(0, -1)) await c.query(sql(m, 'migration'))
  const a = (await c.query(dump)).rows.map((r) => r.line)
  const last = ms.at(-1)!
  const run = async (f: string) => {
    try {
      const t = performance.now()
      await c.query(sql(last, f))
      console.log(f, Math.round(performance.now() - t))
    } catch (e: any) {
      console.log(f, e.code, e.message, e.hint, e.where, e.position)
      throw e
    }
  }
  await run('migration')
  const b = (await c.query(dump)).rows.map((r) => r.line)
  await run('down')
  const a2 = (await c.query(dump)).rows.map((r) => r.line)
  console.log(
    'A diff',
    a.filter((x) => !a2.includes(x)),
    a2.filter((x) => !a.includes(x)),
  )
  await run('migration')
  const b2 = (await c.query(dump)).rows.map((r) => r.line)
  console.log(
    'B diff',
    b.filter((x) => !b2.includes(x)),
    b2.filter((x) => !b.includes(x)),
  )
  await c.end()
}
const stack = await acquireStack({ temporary: true })
try {
  await go(stack.descriptor.postgres.directDatabaseUrl)
} catch {}
await stack.close()
const s = await startPrivateServer()
await s.run('CREATE ROLE own LOGIN CREATEROLE')
await s.run('CREATE DATABASE x OWNER own')
try {
  await go(s.url('x').replace('//postgres@', '//own@'))
} catch {}
// without CREATEROLE
await s.run('CREATE ROLE own2 LOGIN')
await s.run('CREATE DATABASE y OWNER own2')
try {
  await go(s.url('y').replace('//postgres@', '//own2@'))
} catch {}
await s.close()
