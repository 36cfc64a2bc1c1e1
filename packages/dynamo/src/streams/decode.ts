import type { AttributeValue, _Record as SdkRecord } from '@aws-sdk/client-dynamodb-streams'
import { defined } from '@miyabi/core'
import { agentShapes, currentAgentStateEntity } from '../agent-state/entity.js'
import { toAgentState } from '../agent-state/state.js'
import { eventEntity } from '../events/entity.js'
import { eventShapes, fromEventItem } from '../events/event.js'
import { fromItem } from '../items/attribute-values.js'
import type { Change, StreamItems, StreamName, StreamRecord } from './change.js'

type Image = Readonly<Record<string, AttributeValue>>

/** How the items of one stream are read; undefined for items of another kind. */
type ReadImage<T> = (image: Image) => T | undefined

/** One for each stream. */
type ImageReaders = { readonly [From in StreamName]: ReadImage<StreamItems[From]> }

/** ElectroDB's mark of an item's kind. */
const KIND = '__edb_e__'

/** How each stream's items are read, by the entities that wrote them into its table. */
export function imageReaders(table: (from: StreamName) => string): ImageReaders {
  const events = eventEntity(table('events'))
  const agents = currentAgentStateEntity(table('agentState'))
  return {
    events(image) {
      if (image[KIND]?.S !== 'ev') return undefined
      const { data } = events.parse({ Item: fromItem(image) })
      return data === null ? undefined : fromEventItem(eventShapes.upcast(data))
    },
    agentState(image) {
      if (image[KIND]?.S !== 'agent') return undefined
      const { data } = agents.parse({ Item: fromItem(image) })
      return data === null ? undefined : toAgentState(agentShapes.upcast(data))
    },
  }
}

/** Returns a record of the SDK with its item read. An unreadable item is reported, not thrown. */
export function decodeRecord<T>(record: SdkRecord, read: ReadImage<T>): StreamRecord<T> {
  const { dynamodb: { SequenceNumber: sequence = '', ApproximateCreationDateTime: at = new Date() } = {} } = record
  const toText = (): string => JSON.stringify(record, bytesAsBase64)
  try {
    return { sequence, at, ...defined({ change: toChange(record, read, { sequence, at }) }), toText }
  } catch (unreadable) {
    return { sequence, at, unreadable, toText }
  }
}

function toChange<T>(
  { eventName, dynamodb: { NewImage, OldImage } = {}, userIdentity }: SdkRecord,
  read: ReadImage<T>,
  facts: { readonly sequence: string; readonly at: Date },
): Change<T> | undefined {
  const next = NewImage && read(NewImage)
  const previous = OldImage && read(OldImage)
  if (eventName === 'INSERT' && next) return { kind: 'insert', next, ...facts }
  if (eventName === 'MODIFY' && next && previous) return { kind: 'modify', next, previous, ...facts }
  if (eventName === 'REMOVE' && previous) {
    return { kind: 'remove', previous, expired: isExpiry(userIdentity), ...facts }
  }
  return undefined
}

/**
 * A record names only the service itself: it removes expired items. The embedded engine writes its name in lower case,
 * which the SDK omits.
 */
const isExpiry = (identity: SdkRecord['userIdentity']): boolean =>
  identity !== undefined && (identity.PrincipalId ?? 'dynamodb.amazonaws.com') === 'dynamodb.amazonaws.com'

/** Returns the record from which `toText` was made. */
export function recordOf(text: string): SdkRecord {
  const record = JSON.parse(text, bytesOfBase64) as SdkRecord
  const at = record.dynamodb?.ApproximateCreationDateTime
  return { ...record, dynamodb: { ...record.dynamodb, ...(at && { ApproximateCreationDateTime: new Date(at) }) } }
}

/** A value's type appears where an attribute's name could, but behind that name there is always an object. */
const bytesOfBase64 = (name: string, value: unknown): unknown => {
  if (name === 'B' && typeof value === 'string') return bytesOf(value)
  if (name !== 'BS' || !Array.isArray(value)) return value
  return value.every((one) => typeof one === 'string') ? value.map(bytesOf) : value
}
const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'))

const bytesAsBase64 = (_name: string, value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
