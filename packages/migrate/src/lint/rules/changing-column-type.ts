import { shortName } from '../../sql/names.js'
import { asKind } from '../../sql/walk.js'
import { alterationsOf } from '../in-use.js'
import type { MigrationRule } from '../rule.js'
import { costOfTypeChange } from '../type-change.js'

export const changingColumnType: MigrationRule = {
  name: 'changing-column-type',
  demand:
    'A column keeps its type, or gets one whose values are stored the same way (a longer varchar, text, a numeric with more digits): any other type rewrites every row, and blocks all reads and writes meanwhile.',
  check: (migration) =>
    alterationsOf(migration, 'AT_AlterColumnType').flatMap(({ step, name, table, command }) => {
      const to = asKind(command.def, 'ColumnDef')
      const cost = to && costOfTypeChange(step.before, table, command.name ?? '', to)
      if (cost === undefined) return []
      return {
        statement: step.statement,
        problem: `the new type of ${shortName(name)}.${command.name} is expensive: ${cost}, and no one can read or write it meanwhile`,
        remedy:
          'add a column of the new type, write both, fill it in batches, read the new one, and drop the old one in a later release',
      }
    }),
}
