import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { root } from '../workspace.js'

export const RULES = 'monitoring/prometheus/rules.yml'
export const BOARD = 'monitoring/grafana/miyabi-db.json'
export const RUNBOOK = 'docs/guides/monitoring.md'

/** A rule of Prometheus: it records an expression under a name, or raises an alert. */
export interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

export function readRules(): readonly Rule[] {
  const { groups } = parse(readFileSync(path.join(root, RULES), 'utf8')) as { groups: { rules: Rule[] }[] }
  return groups.flatMap(({ rules }) => rules)
}

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}

export function readBoard(): { readonly uid: string; readonly panels: readonly Panel[] } {
  return JSON.parse(readFileSync(path.join(root, BOARD), 'utf8'))
}

/** Every expression of the board, with Grafana's variables as they are where all is chosen. */
export function boardExpressions(): readonly { readonly name: string; readonly expr: string }[] {
  return readBoard().panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      name: title,
      expr: expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(job|instance)/g, '.*'),
    })),
  )
}

/** What an expression asks for: series of one name, with labels as it wants them. */
export interface Selector {
  readonly name: string
  readonly matchers: readonly {
    readonly label: string
    readonly matches: (value: string | undefined) => boolean
  }[]
}

const WORDS = new Set(['and', 'or', 'unless', 'by', 'on', 'ignoring', 'without', 'group_left', 'group_right', 'bool'])
const SELECTOR = /([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})?(?!\s*\(|[\w:])/g
const MATCHER = /(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g

/** The selectors of an expression. */
export function selectorsIn(expr: string): readonly Selector[] {
  const bare = expr.replaceAll(/\b(by|on|ignoring|without)\s*\([^)]*\)/g, ' ').replaceAll(/\[[^\]]*\]/g, ' ')
  return [...bare.matchAll(SELECTOR)]
    .filter(([, name = '']) => !WORDS.has(name))
    .map(([, name = '', inside = '']) => ({
      name,
      matchers: [...inside.matchAll(MATCHER)].map(([, label = '', operator, value = '']) => ({
        label,
        matches: matching(operator ?? '=', value),
      })),
    }))
}

function matching(operator: string, wanted: string): (value: string | undefined) => boolean {
  const pattern = new RegExp(`^(?:${wanted})$`)
  if (operator === '=') return (value) => (value ?? '') === wanted
  if (operator === '!=') return (value) => (value ?? '') !== wanted
  if (operator === '=~') return (value) => pattern.test(value ?? '')
  return (value) => !pattern.test(value ?? '')
}

/** The labels that an expression keeps or joins by: `by (a, b)`, `on (a)`. */
export const labelsIn = (expr: string): readonly string[] =>
  [...expr.matchAll(/\b(?:by|on|ignoring|without)\s*\(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(',').map((label) => label.trim()),
  )
