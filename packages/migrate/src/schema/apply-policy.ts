import type { AlterPolicyStmt, CreatePolicyStmt, Node } from '@pgsql/types'
import { relationName } from '../sql/names.js'
import { asKind } from '../sql/walk.js'
import { EVERYBODY, MIGRATOR, type Origin, type Policy, policyKey, type Schema } from './facts.js'

const COMMANDS: readonly string[] = ['all', 'select', 'insert', 'update', 'delete'] satisfies Policy['command'][]

export function applyCreatePolicy(schema: Schema, statement: CreatePolicyStmt, origin: Origin): void {
  const { policy_name: name = '', cmd_name: command = 'all', qual, with_check, permissive = false } = statement
  const table = relationName(statement.table)
  const policy = {
    name,
    table,
    origin,
    command: toCommand(command),
    using: qual,
    check: with_check,
    roles: rolesOf(statement.roles),
    isPermissive: permissive,
  }
  schema.policies.set(policyKey(table, name), policy)
}

export function applyAlterPolicy(schema: Schema, statement: AlterPolicyStmt, origin: Origin): void {
  const key = policyKey(relationName(statement.table), statement.policy_name ?? '')
  const policy = schema.policies.get(key)
  if (!policy) return
  const { qual = policy.using, with_check = policy.check } = statement
  const roles = statement.roles ? rolesOf(statement.roles) : policy.roles
  schema.policies.set(key, { ...policy, origin, roles, using: qual, check: with_check })
}

const rolesOf = (nodes: readonly Node[] = []): string[] =>
  nodes.flatMap((node) => {
    const role = asKind(node, 'RoleSpec')
    return role?.roletype === 'ROLESPEC_PUBLIC' ? EVERYBODY : (role?.rolename ?? MIGRATOR)
  })

const toCommand = (name: string): Policy['command'] => (COMMANDS.includes(name) ? (name as Policy['command']) : 'all')
