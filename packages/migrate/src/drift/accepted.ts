import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { CatalogDifference } from '../catalog/diff.js'
import { CATALOG_KINDS, type CatalogKind } from '../catalog/entry.js'
import { MigrationError } from '../errors/migration-error.js'

/**
 * Stored beside the migrations. A line names an object that the migrations do not create, and why it may exist: `schema
 * cron: the jobs of pg_cron`.
 */
export const ACCEPTED_FILE = 'drift-accepted.txt'

/** An object that may differ from the migrations. */
export interface Acceptance {
  /** In the file, from 1. */
  readonly line: number
  readonly kind: CatalogKind
  /** As a report names it; for a schema, everything in it. */
  readonly name: string
  readonly reason: string
}

/**
 * Reads the accepted differences from the folder of the migrations; none, if the file does not exist.
 * @throws {MigrationError} `migrate.drift_acceptance_invalid`
 */
export function readAcceptances(folder: string): Acceptance[] {
  const file = path.join(folder, ACCEPTED_FILE)
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split(/\r?\n/)
  return lines.flatMap((text, index) => {
    if (/^\s*(#|$)/.test(text)) return []
    const [, what = '', reason = ''] = /^(.*?):\s+(.*\S)\s*$/.exec(text) ?? []
    const kind = CATALOG_KINDS.find((each) => what.startsWith(`${each} `))
    if (kind === undefined || reason === '') throw invalid(text, index + 1)
    return { line: index + 1, kind, name: what.slice(kind.length + 1).trim(), reason }
  })
}

function invalid(text: string, line: number): MigrationError {
  return new MigrationError(
    'migrate.drift_acceptance_invalid',
    `${ACCEPTED_FILE}, line ${line}: expected a kind, a name and a reason`,
    {
      details: { line, found: text },
      remedy: `write it like \`schema cron: the jobs of pg_cron\`; kinds: ${CATALOG_KINDS.join(', ')}`,
    },
  )
}

/** A difference that was accepted. */
export interface AcceptedDifference extends CatalogDifference {
  readonly reason: string
}

/** Separates accepted differences; an unneeded acceptance is reported, so that none outlives its purpose. */
export function weighDrift(
  differences: readonly CatalogDifference[],
  acceptances: readonly Acceptance[],
): {
  readonly differences: readonly CatalogDifference[]
  readonly accepted: readonly AcceptedDifference[]
  readonly unused: readonly Acceptance[]
} {
  const left: CatalogDifference[] = []
  const accepted: AcceptedDifference[] = []
  const used = new Set<Acceptance>()
  for (const difference of differences) {
    const acceptance = acceptances.find((each) => covers(each, difference))
    if (acceptance === undefined) left.push(difference)
    else {
      used.add(acceptance)
      accepted.push({ ...difference, reason: acceptance.reason })
    }
  }
  return { differences: left, accepted, unused: acceptances.filter((each) => !used.has(each)) }
}

/** Whether a difference is the object itself, belongs to it, or is in the schema. */
function covers({ kind, name }: Acceptance, difference: CatalogDifference): boolean {
  if (difference.kind === kind && difference.name === name) return true
  if (kind !== 'schema')
    return difference.on === name && ['table', 'view', 'function', 'type', 'sequence'].includes(kind)
  const place = difference.on ?? difference.name
  return place === name || place.startsWith(`${name}.`) || difference.name.includes(` in ${name} of `)
}
