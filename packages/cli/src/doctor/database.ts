import path from 'node:path'
import { checkDatabase, type DatabaseCheck, migrationDatabaseUrl, NoDatabaseError } from '@miyabi/migrate'
import type { CheckGroup } from './group.js'

/** A group of checks that are asked of the database itself, with the migrator's login. */
export const databaseGroup = (check: DatabaseCheck): CheckGroup => ({
  name: check.name,
  looksFor: check.looksFor,
  async run({ root, env }, signal) {
    const url = migrationDatabaseUrl(root, env)
    if (url === undefined) throw new NoDatabaseError('doctor', env)
    return checkDatabase(check, { url, migrations: path.join(root, 'prisma/migrations'), signal })
  },
})
