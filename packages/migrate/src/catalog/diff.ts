import { compareEntries } from './dump.js'
import type { CatalogEntry, CatalogKind } from './entry.js'

/** One thing in which a database is not as it should be. */
export interface CatalogDifference {
  readonly change: 'missing' | 'unexpected' | 'changed'
  readonly kind: CatalogKind
  readonly name: string
  /** What it goes with, such as the table of a column. */
  readonly on?: string
  /** Its definition where it is as it should be; absent for what is unexpected. */
  readonly expected?: string
  /** Its definition as it was found; absent for what is missing. */
  readonly found?: string
}

/** How `found` differs from `expected`, sorted; empty when they agree. */
export function diffCatalogs(
  expected: readonly CatalogEntry[],
  found: readonly CatalogEntry[],
): readonly CatalogDifference[] {
  const [wanted, present] = [byKey(expected), byKey(found)]
  const differences: (CatalogDifference & CatalogEntry)[] = []
  for (const [key, entry] of wanted) {
    const other = present.get(key)
    if (other === undefined) differences.push({ ...entry, change: 'missing', expected: entry.definition })
    else if (other.definition !== entry.definition) {
      differences.push({ ...entry, change: 'changed', expected: entry.definition, found: other.definition })
    }
  }
  for (const [key, entry] of present) {
    if (!wanted.has(key)) differences.push({ ...entry, change: 'unexpected', found: entry.definition })
  }
  return differences.sort(compareEntries).map(({ definition: _, ...difference }) => difference)
}

const byKey = (entries: readonly CatalogEntry[]): Map<string, CatalogEntry> =>
  new Map(entries.map((entry) => [`${entry.kind} ${entry.name}`, entry]))
