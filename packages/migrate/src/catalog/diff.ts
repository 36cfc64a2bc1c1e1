import { compareEntries } from './dump.js'
import type { CatalogEntry, CatalogKind } from './entry.js'

/** One difference of a database from what is expected. */
export interface CatalogDifference {
  readonly change: 'missing' | 'unexpected' | 'changed'
  readonly kind: CatalogKind
  readonly name: string
  /** What it belongs to, such as the table of a column. */
  readonly on?: string
  /** Its expected definition; absent if it is unexpected. */
  readonly expected?: string
  /** Its definition as found; absent if it is missing. */
  readonly found?: string
}

/** Returns how `found` differs from `expected`, sorted; empty when they agree. */
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
