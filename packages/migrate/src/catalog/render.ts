import type { CatalogDifference } from './diff.js'
import type { CatalogKind } from './entry.js'

const MARKS = { missing: '-', unexpected: '+', changed: '~' } as const

/** What other objects belong to. */
const WHOLE: ReadonlySet<CatalogKind> = new Set(['schema', 'type', 'table', 'sequence', 'view', 'function'])

/**
 * Formats differences for display, one per line: `-` is missing, `+` is unexpected, `~` differs, with both definitions
 * below. Parts of a table, a function or the like that is itself missing or unexpected are only counted.
 */
export function renderCatalogDiff(differences: readonly CatalogDifference[]): string {
  const whole = new Map<string, CatalogDifference['change']>()
  for (const { kind, change, name } of differences) {
    if (WHOLE.has(kind) && change !== 'changed') whole.set(name, change)
  }
  const isPart = ({ on, change }: CatalogDifference): boolean => on !== undefined && whole.get(on) === change
  return differences
    .filter((difference) => !isPart(difference))
    .map((difference) => {
      const parts = differences.filter((part) => isPart(part) && part.on === difference.name).length
      return render(difference, parts)
    })
    .join('\n')
}

function render(difference: CatalogDifference, parts: number): string {
  const { change, expected, found } = difference
  const title = parts === 0 ? headline(difference) : `${headline(difference)} (with ${parts} more)`
  if (change !== 'changed') return [title, indent(expected ?? found ?? '')].filter(Boolean).join('\n')
  return [
    title,
    '    expected',
    indent(expected || '(nothing more)'),
    '    found',
    indent(found || '(nothing more)'),
  ].join('\n')
}

const headline = ({ change, kind, name }: CatalogDifference): string => `${MARKS[change]} ${kind} ${name}`

const indent = (text: string): string =>
  text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `      ${line}`)
    .join('\n')
