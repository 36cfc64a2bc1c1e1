import type { ActualTable } from './actual.js'
import { onOff, update, type Where } from './aspects/aspect.js'
import { autoScaling, billing, capacity } from './aspects/capacity.js'
import { indexes } from './aspects/indexes.js'
import { deletionProtection, encryption, expiry, pointInTimeRecovery, stream, tags } from './aspects/settings.js'
import { keySchema, type TableDefinition, toCreateTableInput } from './definition.js'
import { keysText, typesOf } from './keys-text.js'
import type { TableRequest, TableStep, TablesPlan, UnverifiableFact } from './step.js'

/** In the order of the steps: protection comes last, when no other step is left. */
const aspects = [
  billing,
  capacity,
  stream,
  encryption,
  indexes,
  expiry,
  pointInTimeRecovery,
  tags,
  autoScaling,
  deletionProtection,
] as const

/**
 * Returns the steps from a table as it is (undefined: it does not exist) to its definition. Pure: sends nothing,
 * changes nothing.
 */
export function planTable(definition: TableDefinition, actual: ActualTable | undefined, where: Where): TablesPlan {
  const { table } = where
  const create: TableRequest = { operation: 'CreateTable', input: toCreateTableInput(definition, table) }
  if (actual === undefined) {
    const texts = { table, what: 'table', expected: 'present', found: 'absent', does: 'create the table' }
    return { steps: [{ ...texts, destructive: false, request: create }], unverifiable: [] }
  }
  const replaced = replacement(definition, actual, table, create)
  if (replaced.length > 0) return { steps: replaced, unverifiable: [] }

  const steps: TableStep[] = []
  const unverifiable: UnverifiableFact[] = []
  for (const { what, plan } of aspects) {
    const changes = plan(definition, actual, where)
    if (changes === 'unverifiable') unverifiable.push({ table, what })
    else steps.push(...changes.map((change) => ({ table, what, ...change })))
  }
  return { steps, unverifiable }
}

/** The keys of a table cannot be changed: a new table replaces it. */
function replacement(
  definition: TableDefinition,
  { description }: ActualTable,
  table: string,
  create: TableRequest,
): TableStep[] {
  const expected = keysText(keySchema(definition), definition.keyAttributes)
  const found = keysText(description.KeySchema, typesOf(description))
  if (expected === found) return []
  const texts = { table, what: 'keys', expected, found }
  const unprotect = update({ DeletionProtectionEnabled: false })
  return [
    ...(description.DeletionProtectionEnabled
      ? [{ ...texts, does: `switch deletion protection ${onOff(false)}`, destructive: true, request: unprotect }]
      : []),
    { ...texts, does: 'delete the table with its items', destructive: true, request: { operation: 'DeleteTable' } },
    { ...texts, does: 'create the table', destructive: false, request: create },
  ]
}
