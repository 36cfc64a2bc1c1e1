import { shortName } from '../../sql/names.js'
import { conventionsOf, isOrdinary } from '../conventions.js'
import { MIGRATOR } from '../facts.js'
import type { SchemaRule } from './rule.js'

export const ownerDiffers: SchemaRule = {
  name: 'owner-differs',
  demand:
    'Every table belongs to the role that owns the others: the next migrator may be another login, and then cannot change a table that it does not own.',
  check: (schema) => {
    const { owner } = conventionsOf(schema)
    if (owner === undefined) return []
    return [...schema.tables.values()].flatMap((table) => {
      if (!isOrdinary(table) || table.owner === owner) return []
      const object = shortName(table.name)
      const whose = table.owner === undefined || table.owner === MIGRATOR ? 'the login that created it' : table.owner
      return {
        origin: table.origin,
        object,
        problem: `it belongs to ${whose}, and the other tables belong to ${owner}: another migrator cannot change it`,
        remedy: `ALTER TABLE ${object} OWNER TO ${owner}`,
      }
    })
  },
}
