import { isTransactionControl } from '../../script/classify.js'
import { endsTransaction } from '../../sql/plpgsql.js'
import type { MigrationRule } from '../rule.js'

export const transactionControl: MigrationRule = {
  name: 'transaction-control',
  demand: 'A migration neither begins nor ends a transaction: it already is one, so that it is applied atomically.',
  check: ({ statements }) =>
    statements
      .filter((statement) => isTransactionControl(statement) || endsTransaction(statement.node))
      .map((statement) => ({
        statement,
        problem:
          "it would end the migration's transaction: what was recorded as applied would differ from what was applied, so the deployment refuses it",
        remedy:
          'omit it: a migration already is one transaction; put what must be committed in between into a separate migration',
      })),
}
