import { isTransactionControl } from '../../script/classify.js'
import { endsTransaction } from '../../sql/plpgsql.js'
import type { MigrationRule } from '../rule.js'

export const transactionControl: MigrationRule = {
  name: 'transaction-control',
  demand:
    'A migration neither begins nor ends a transaction: it is one, so that it is applied as a whole or not at all.',
  check: ({ statements }) =>
    statements
      .filter((statement) => isTransactionControl(statement) || endsTransaction(statement.node))
      .map((statement) => ({
        statement,
        problem:
          'it would end the transaction that the migration is: what was recorded as applied would not be what was applied, and the deployment refuses it',
        remedy:
          'leave it out: a migration is one transaction already; what must be committed in between is a migration of its own',
      })),
}
