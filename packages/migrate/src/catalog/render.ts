import type { CatalogDifference } from './diff.js'

const MARKS = { missing: '-', unexpected: '+', changed: '~' } as const

/**
 * Differences for a person, one a line: `-` is missing, `+` is there and should not be, `~` is not as it should be, with both
 * definitions below. What goes with a table that is missing or unexpected itself is only counted.
 */
export function renderCatalogDiff(differences: readonly CatalogDifference[]): string {
  const whole = new Map<string, CatalogDifference['change']>()
  for (const { kind, change, name } of differences) {
    if ((kind === 'table' || kind === 'view') && change !== 'changed') whole.set(name, change)
  }
  const isPart = ({ on, change }: CatalogDifference): boolean => on !== undefined && whole.get(on) === change
  return differences
    .filter((difference) => !isPart(difference))
    .map((difference) => {
      const parts = differences.filter((part) => isPart(part) && part.on === difference.name).length
      return parts === 0 ? render(difference) : `${headline(difference)} (and ${parts} more that go with it)`
    })
    .join('\n')
}

function render(difference: CatalogDifference): string {
  const { change, expected, found } = difference
  if (change !== 'changed') return [headline(difference), indent(expected ?? found ?? '')].filter(Boolean).join('\n')
  return [
    headline(difference),
    '    should be',
    indent(expected || '(nothing more)'),
    '    is',
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
