import { shortName } from '../../sql/names.js'
import { functionsIn, relationsIn } from '../expressions.js'
import type { Policy, Schema } from '../facts.js'
import { bodyStatements } from '../function-body.js'
import type { SchemaRule } from './rule.js'

export const policyRecursion: SchemaRule = {
  name: 'policy-recursion',
  demand:
    'A policy does not read its own table, directly or through functions, views and policies: PostgreSQL refuses the query or never ends it.',
  check: (schema) =>
    [...schema.policies.values()].flatMap((policy) => {
      const path = wayBack(schema, policy)
      if (!path) return []
      const table = shortName(policy.table)
      return {
        origin: policy.origin,
        object: `${table}, policy ${policy.name}`,
        problem: `it reads the table that it protects: ${[table, ...path, table].join(' -> ')}`,
        remedy: `call a SECURITY DEFINER function whose owner has a separate policy on ${table}`,
      }
    }),
}

/** The path from a policy back to its table, by name; empty if it names it directly. Undefined if there is none. */
function wayBack(schema: Schema, policy: Policy): string[] | undefined {
  const seen = new Set<string>()
  const follow = (tree: unknown, path: readonly string[]): string[] | undefined => {
    for (const name of relationsIn(tree)) {
      if (name === policy.table) return [...path]
      if (seen.has(name)) continue
      seen.add(name)
      const view = schema.views.get(name)
      // A view without security_invoker reads as its owner, to whom other policies apply.
      const next = view ? (view.isInvoker ? [view.query] : []) : readingPolicies(schema, name)
      const found = follow(next, [...path, shortName(name)])
      if (found) return found
    }
    for (const name of functionsIn(tree)) {
      if (seen.has(name)) continue
      seen.add(name)
      for (const fn of schema.functions.values()) {
        if (fn.name !== name || fn.isDefiner) continue
        const found = follow(bodyStatements(fn), [...path, `${shortName(name)}()`])
        if (found) return found
      }
    }
    return undefined
  }
  return follow([policy.using, policy.check], [])
}

const readingPolicies = ({ policies }: Schema, table: string): unknown[] =>
  [...policies.values()].flatMap((policy) =>
    policy.table === table && (policy.command === 'all' || policy.command === 'select') ? [policy.using] : [],
  )
