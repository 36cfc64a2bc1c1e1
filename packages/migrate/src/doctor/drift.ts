import type { CatalogDifference } from '../catalog/diff.js'
import { readMigrations } from '../history/folder.js'
import type { DatabaseCheck } from './check.js'

/** The database compared with its migrations: one finding for each table and its parts. */
export const driftCheck: DatabaseCheck = {
  name: 'drift',
  looksFor: 'manual changes that are not in the migrations',
  async run(_, { target, migrations, signal }) {
    // Loaded here: no other check needs the code for scratch databases.
    const { findDrift } = await import('../drift/drift.js')
    const { ACCEPTED_FILE, readAcceptances } = await import('../drift/accepted.js')
    const acceptances = readAcceptances(migrations)
    const drift = await findDrift({ databaseUrl: target, migrations: readMigrations(migrations), acceptances, signal })
    const { differences, unused } = drift
    const groups = new Map<string, CatalogDifference[]>()
    for (const difference of differences) {
      const thing = difference.on ?? difference.name
      groups.set(thing, [...(groups.get(thing) ?? []), difference])
    }
    const found = [...groups].map(([object, parts]) => ({
      check: 'drift.postgres',
      object,
      problem: parts.map(({ change, kind, name }) => `${change}: ${kind} ${name}`).join('; '),
      remedy: `run \`pnpm db:migrate drift\` to show it; undo it, put it into a migration, or accept it in ${ACCEPTED_FILE}`,
    }))
    return [
      ...found,
      ...unused.map(({ line, kind, name }) => ({
        check: 'drift.unused_acceptance',
        object: `${kind} ${name}`,
        problem: 'it is accepted, but no longer differs',
        remedy: `remove line ${line} from ${ACCEPTED_FILE}`,
      })),
    ]
  },
}
