import { relationName, shortName } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import type { MigrationRule } from '../rule.js'

export const requireConcurrentRefresh: MigrationRule = {
  name: 'require-concurrent-refresh',
  demand:
    'A materialized view in use is refreshed CONCURRENTLY: otherwise no one can read it meanwhile and, WITH NO DATA, afterwards.',
  check: ({ name: migration, steps }) =>
    steps.flatMap(({ statement, node, before, made }) => {
      const refresh = asKind(node, 'RefreshMatViewStmt')
      const view = relationName(refresh?.relation)
      const isNew = made.has(view) || before.views.get(view)?.origin?.migration === migration
      if (!refresh || refresh.concurrent || isNew) return []
      return {
        statement,
        problem: refresh.skipData
          ? `${shortName(view)} is emptied, and every query of it fails until it is refreshed`
          : `no one can read ${shortName(view)} until its query has ended`,
        remedy: 'use REFRESH MATERIALIZED VIEW CONCURRENTLY, which requires a unique index on the view',
      }
    }),
}
