import type { CatalogDifference } from '../catalog/diff.js'
import { renderCatalogDiff } from '../catalog/render.js'
import { describeLoss, type Loss, lossName } from '../loss/loss.js'

/** What can be wrong with a migration that was run in both directions. */
export type VerifyProblem =
  /** It cannot be applied; those after it were not run. */
  | 'up failed'
  | 'rows failed'
  | 'seed failed'
  /** A table without rows, or a column without a value, proves nothing. */
  | 'empty'
  | 'down missing'
  | 'down not transactional'
  /** It does not parse, or has a header comment that is not understood. */
  | 'down invalid'
  | 'down failed'
  | 'not restored'
  | 'up again failed'
  | 'up again differs'
  | 'loss not declared'

/** One thing that is wrong with a migration. */
export interface VerifyFinding {
  readonly problem: VerifyProblem
  /** What it is, and what to do about it; several lines. */
  readonly text: string
  readonly differences?: readonly CatalogDifference[]
  readonly losses?: readonly Loss[]
}

export const differs = (
  problem: 'not restored' | 'up again differs',
  differences: readonly CatalogDifference[],
): VerifyFinding => ({
  problem,
  text: `${
    problem === 'not restored'
      ? 'down.sql does not restore the state before migration.sql'
      : 'applied again after down.sql, migration.sql gives a different result than the first time'
  } (- is missing, + is left over):\n${renderCatalogDiff(differences)}`,
  differences,
})

export const undeclared = (file: 'migration.sql' | 'down.sql', losses: readonly Loss[]): VerifyFinding => ({
  problem: 'loss not declared',
  text: `${file} destroys what no other file restores:\n${losses
    .map((loss) => `  ${describeLoss(loss)}`)
    .join('\n')}\nKeep it, or declare it at the top of ${file}:\n-- @loses ${losses.map(lossName).join(' ')}`,
  losses,
})

export const empty = (names: readonly string[]): VerifyFinding => ({
  problem: 'empty',
  text: `there is no value in ${names.join(', ')}, so it is not proven whether it would survive. Add rows to rows.sql beside migration.sql.`,
})
