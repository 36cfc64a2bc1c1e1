// Run by `pnpm prisma db seed`, or by `tsx prisma/seed/main.ts`.
import path from 'node:path'
import { loadEnvFile, migrationDatabaseUrl, NoDatabaseError } from '@miyabi/migrate'
import { createPostgres, parsePostgresSettings } from '@miyabi/postgres'
import { seed } from './seed.js'

const root = path.resolve(import.meta.dirname, '../..')
loadEnvFile(root, process.env)
const url = migrationDatabaseUrl(root, process.env)
if (url === undefined) throw new NoDatabaseError('db seed', process.env)

const settings = parsePostgresSettings({
  ...process.env,
  DATABASE_URL: url,
  DB_MAX_CONNECTIONS: '1',
  DB_MIN_CONNECTIONS: '0',
  // The migrator's: it owns the tables, and seeds through the policy of their owner.
  DB_ALLOW_PRIVILEGED_LOGIN: 'true',
})
await using postgres = createPostgres(settings, { name: 'seed' })
const { users, plugins } = await seed(postgres)
const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`
console.log(
  users + plugins === 0
    ? 'Seed: nothing to add, the admin and the plugins already exist'
    : `Seed: added ${count(users, 'user')} and ${count(plugins, 'plugin')}`,
)
