import { databaseChecks } from '@miyabi/migrate'
import { cacheGroup } from './cache.js'
import { databaseGroup } from './database.js'
import type { CheckGroup } from './group.js'
import { poolGroup } from './pool.js'
import { serversGroup } from './servers.js'
import { settingsGroup } from './settings.js'
import { tablesGroup } from './tables.js'

/** All groups, in the order of the report: groups that others depend on come first. */
export const checkGroups: readonly CheckGroup[] = [
  settingsGroup,
  serversGroup,
  ...databaseChecks.map(databaseGroup),
  tablesGroup,
  poolGroup,
  cacheGroup,
]
