import type { TableStep, UnverifiableFact } from '@miyabi/dynamo'
import { print, style } from '../terminal/output.js'

/** Prints what a server does not tell, a line for each table: neither right nor wrong. */
export function printUnverifiable(facts: readonly UnverifiableFact[]): void {
  for (const table of new Set(facts.map((fact) => fact.table))) {
    const all = facts.filter((fact) => fact.table === table).map(({ what }) => what)
    print(style('dim', `${table}, unverifiable here: ${all.join(', ')}`))
  }
}

/** Steps, a line each; what loses something says so. */
export function renderSteps(steps: readonly TableStep[]): string {
  return steps
    .map(({ table, does, destructive }) => `${table}: ${does}${destructive ? style('red', ' (needs --replace)') : ''}`)
    .join('\n')
}
