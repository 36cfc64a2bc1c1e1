import path from 'node:path'
import { checkDatabase, type DatabaseCheck, NoDatabaseError } from '@miyabi/migrate'
import type { CheckGroup } from './group.js'

/** A group of checks of the database itself, with the migrator's login. */
export const databaseGroup = (check: DatabaseCheck): CheckGroup => ({
  name: check.name,
  looksFor: check.looksFor,
  async run({ schemaRoot, env, migrator }, signal) {
    if (migrator === undefined) throw new NoDatabaseError('doctor', env)
    return checkDatabase(check, { database: migrator, migrations: path.join(schemaRoot, 'prisma/migrations'), signal })
  },
})
