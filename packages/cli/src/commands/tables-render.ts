import type { TableStep, UnverifiableFact } from '@miyabi/dynamo'
import { dim, style } from '../terminal/style.js'

/** Facts that a server does not report, one line per table. They count neither as correct nor as wrong. */
export function unverifiableLines(facts: readonly UnverifiableFact[]): readonly string[] {
  return [...new Set(facts.map(({ table }) => table))].map((table) => {
    const all = facts.filter((fact) => fact.table === table).map(({ what }) => what)
    return dim(`${table}, unverifiable here: ${all.join(', ')}`)
  })
}

/** Steps, one line each; steps that lose data are marked. */
export const stepLines = (steps: readonly TableStep[]): readonly string[] =>
  steps.map(
    ({ table, does, destructive }) => `${table}: ${does}${destructive ? style('red', ' (needs --replace)') : ''}`,
  )
