import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { awsName } from '../errors/map-error.js'
import { tablesIn } from './request.js'

/** A write that was rejected by its condition. */
export interface RefusedWrite {
  readonly table: string
  /** The larger of the new item and the stored item, as far as they are known. */
  readonly bytes: number
  /** What DynamoDB bills for it: the same as for the write, doubled in a transaction. */
  readonly writeUnits: number
}

type Item = Readonly<Record<string, AttributeValue>>

/** A write as it is sent, alone or in a transaction. */
interface Write {
  readonly TableName?: string
  readonly Item?: Item
  readonly Key?: Item
}

/** How a write fails. The stored item is included if it was requested. */
interface Refusal {
  readonly Code?: string
  readonly Item?: Item
}

const UNIT_BYTES = 1024

/** The writes of a request that were rejected by their conditions. */
export function refusedWrites(input: object, error: unknown): RefusedWrite[] {
  if (awsName(error) === 'ConditionalCheckFailedException') return refused(input, error as Refusal, 1)
  const { TransactItems } = input as { TransactItems?: readonly Readonly<Record<string, Write>>[] }
  const { CancellationReasons: reasons = [] } = error as { CancellationReasons?: readonly Refusal[] }
  return (TransactItems ?? []).flatMap((actions, index) => {
    const reason = reasons[index]
    if (reason?.Code !== 'ConditionalCheckFailed') return []
    return Object.values(actions).flatMap((write) => refused(write, reason, 2))
  })
}

function refused(write: Write, { Item: stored }: Refusal, times: number): RefusedWrite[] {
  const bytes = Math.max(itemBytes(write.Item ?? write.Key), itemBytes(stored))
  return tablesIn(write).map((table) => ({
    table,
    bytes,
    writeUnits: Math.max(1, Math.ceil(bytes / UNIT_BYTES)) * times,
  }))
}

/** The size of an item as DynamoDB counts it. */
function itemBytes(item: Item | undefined): number {
  return Object.entries(item ?? {}).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0)
}

function valueBytes({ S, N, B, SS, NS, BS, L, M }: AttributeValue): number {
  const sumOf = <T>(values: readonly T[], bytes: (value: T) => number): number =>
    values.reduce((sum, value) => sum + bytes(value), 0)
  if (S !== undefined) return Buffer.byteLength(S)
  if (N !== undefined) return numberBytes(N)
  if (B !== undefined) return B.byteLength
  if (SS) return sumOf(SS, (text) => Buffer.byteLength(text))
  if (NS) return sumOf(NS, numberBytes)
  if (BS) return sumOf(BS, (bytes) => bytes.byteLength)
  if (L) return 3 + sumOf(L, (value) => 1 + valueBytes(value))
  if (M) return 3 + sumOf(Object.entries(M), ([name, value]) => 1 + Buffer.byteLength(name) + valueBytes(value))
  return 1
}

/** One byte for each two significant digits, plus one or two. */
function numberBytes(number: string): number {
  const digits = number
    .replace(/e.*$/i, '')
    .replace(/[-+.]/g, '')
    .replace(/^0+|0+$/g, '')
  return Math.ceil(digits.length / 2) + (number.startsWith('-') ? 2 : 1)
}
