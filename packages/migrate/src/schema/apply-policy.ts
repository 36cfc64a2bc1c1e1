import type { AlterPolicyStmt, CreatePolicyStmt } from '@pgsql/types'
import { relationName } from '../sql/names.js'
import { type Origin, type Policy, policyKey, type Schema } from './facts.js'

const COMMANDS: readonly string[] = ['all', 'select', 'insert', 'update', 'delete'] satisfies Policy['command'][]

export function applyCreatePolicy(schema: Schema, statement: CreatePolicyStmt, origin: Origin): void {
  const { policy_name: name = '', cmd_name: command = 'all', qual, with_check } = statement
  const table = relationName(statement.table)
  const policy = { name, table, origin, command: toCommand(command), using: qual, check: with_check }
  schema.policies.set(policyKey(table, name), policy)
}

export function applyAlterPolicy(schema: Schema, statement: AlterPolicyStmt, origin: Origin): void {
  const key = policyKey(relationName(statement.table), statement.policy_name ?? '')
  const policy = schema.policies.get(key)
  if (!policy || !(statement.qual || statement.with_check)) return
  const { qual = policy.using, with_check = policy.check } = statement
  schema.policies.set(key, { ...policy, origin, using: qual, check: with_check })
}

const toCommand = (name: string): Policy['command'] => (COMMANDS.includes(name) ? (name as Policy['command']) : 'all')
