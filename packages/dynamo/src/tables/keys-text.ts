import type { KeySchemaElement, TableDescription } from '@aws-sdk/client-dynamodb'

/** Keys with their types, for display and comparison: `HASH pk S, RANGE sk S`. */
export const keysText = (
  keys: readonly KeySchemaElement[] | undefined,
  types: Readonly<Record<string, string>>,
): string =>
  (keys ?? [])
    .map(({ KeyType, AttributeName = '' }) => `${KeyType} ${AttributeName} ${types[AttributeName] ?? 'of no type'}`)
    .join(', ') || 'none'

/** The type of each attribute that a table defines. */
export const typesOf = ({ AttributeDefinitions }: TableDescription): Record<string, string> =>
  Object.fromEntries((AttributeDefinitions ?? []).map((one) => [one.AttributeName, one.AttributeType]))
