import type { KeySchemaElement, TableDescription } from '@aws-sdk/client-dynamodb'
import { keySchema, type TableDefinition } from './definition.js'

/** One way in which a table is not what its definition says. */
export interface TableDifference {
  /** With the prefix. */
  readonly table: string
  /** `keys`, `attribute pk`, `index byUser`. */
  readonly what: string
  readonly expected: string
  readonly found: string
}

/** Compares the keys and the indexes of a table, which decide whether every question finds its answer. */
export function tableDifferences(definition: TableDefinition, table: TableDescription): TableDifference[] {
  const differences: TableDifference[] = []
  const compare = (what: string, expected: string, found: string): void => {
    if (expected !== found) differences.push({ table: table.TableName ?? definition.name, what, expected, found })
  }

  compare('keys', keysText(keySchema(definition)), keysText(table.KeySchema))
  const types = new Map(table.AttributeDefinitions?.map((a) => [a.AttributeName, a.AttributeType]))
  for (const [name, type] of Object.entries(definition.keyAttributes)) {
    compare(`attribute ${name}`, type, types.get(name) ?? 'absent')
  }
  const found = new Map(table.GlobalSecondaryIndexes?.map((index) => [index.IndexName, index]))
  for (const index of definition.indexes) {
    const actual = found.get(index.name)
    compare(
      `index ${index.name}`,
      `${keysText(keySchema(index))}, ALL`,
      actual ? `${keysText(actual.KeySchema)}, ${actual.Projection?.ProjectionType}` : 'absent',
    )
    found.delete(index.name)
  }
  for (const name of found.keys()) compare(`index ${name}`, 'absent', 'present')
  return differences
}

const keysText = (keys: readonly KeySchemaElement[] | undefined): string =>
  (keys ?? []).map((key) => `${key.KeyType} ${key.AttributeName}`).join(', ') || 'none'
