import type { AttributeValue } from '@aws-sdk/client-dynamodb'

/** An item in the low-level client's form. */
export type Item = Readonly<Record<string, AttributeValue>>

/**
 * An item as a line of a file, without its line break: `{"Item":{...}}`, the format of DynamoDB's own exports to S3.
 * Equal items are equal lines: attributes are sorted, and so are the members of sets.
 */
export const itemLine = (item: Item): string => JSON.stringify({ Item: toJsonMap(item) })

/** Reads it back. @throws {SyntaxError} if it is not JSON. */
export function parseItemLine(line: string): Record<string, AttributeValue> {
  const { Item } = JSON.parse(line) as { readonly Item: Record<string, JsonValue> }
  return toItem(Item)
}

/** An attribute's value in JSON: bytes are in base64. */
type JsonValue = Readonly<Record<string, unknown>>

function toJsonMap(item: Item): Record<string, JsonValue> {
  return Object.fromEntries(
    Object.keys(item)
      .sort()
      .map((name) => [name, toJsonValue(item[name] as AttributeValue)]),
  )
}

function toJsonValue(value: AttributeValue): JsonValue {
  if (value.M !== undefined) return { M: toJsonMap(value.M) }
  if (value.L !== undefined) return { L: value.L.map(toJsonValue) }
  if (value.B !== undefined) return { B: base64(value.B) }
  if (value.BS !== undefined) return { BS: value.BS.map(base64).sort() }
  if (value.SS !== undefined) return { SS: [...value.SS].sort() }
  if (value.NS !== undefined) return { NS: [...value.NS].sort() }
  return { ...value }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

const bytesOf = (text: unknown): Uint8Array => Buffer.from(String(text), 'base64')

const toItem = (item: Readonly<Record<string, JsonValue>>): Record<string, AttributeValue> =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toAttribute(value)]))

function toAttribute(value: JsonValue): AttributeValue {
  if ('M' in value) return { M: toItem(value['M'] as Record<string, JsonValue>) }
  if ('L' in value) return { L: (value['L'] as JsonValue[]).map(toAttribute) }
  if ('B' in value) return { B: bytesOf(value['B']) }
  if ('BS' in value) return { BS: (value['BS'] as unknown[]).map(bytesOf) }
  return value as unknown as AttributeValue
}
