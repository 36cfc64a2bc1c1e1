import { isNotTransactional } from '../../script/classify.js'
import type { MigrationRule } from '../rule.js'

export const notAlone: MigrationRule = {
  name: 'not-alone',
  demand:
    'A statement that cannot run in a transaction is the only one of its migration: several statements are run as one transaction.',
  check: ({ statements }) =>
    statements.length === 1
      ? []
      : statements.filter(isNotTransactional).map((statement) => ({
          statement,
          problem:
            'it cannot run in a transaction, and a migration of several statements is one: the deployment would fail',
          remedy:
            'make it the only statement of a separate migration, with `-- @limits lock_timeout=5s statement_timeout=1h` in its first line',
        })),
}
