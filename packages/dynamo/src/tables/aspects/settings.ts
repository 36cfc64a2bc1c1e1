import { type Aspect, type Change, onOff, update } from './aspect.js'

/** The change stream. Its view cannot be changed: the old stream ends, and another one begins under another name. */
export const stream: Aspect = {
  what: 'stream',
  plan({ stream: wanted }, { description }) {
    const { StreamEnabled, StreamViewType } = description.StreamSpecification ?? {}
    const texts = { expected: wanted ?? 'none', found: StreamEnabled ? (StreamViewType ?? 'unknown') : 'none' }
    if (texts.expected === texts.found) return []
    const end: Change = {
      ...texts,
      does: `end the stream of ${texts.found}`,
      destructive: true, // unread records are lost
      request: update({ StreamSpecification: { StreamEnabled: false } }),
    }
    const begin = wanted && {
      ...texts,
      does: `begin a stream of ${wanted}`,
      destructive: false,
      request: update({ StreamSpecification: { StreamEnabled: true, StreamViewType: wanted } }),
    }
    return [...(StreamEnabled ? [end] : []), ...(begin ? [begin] : [])]
  },
}

export const encryption: Aspect = {
  what: 'encryption',
  plan({ encryption: expected }, { description }, { isAws }) {
    const found = description.SSEDescription?.SSEType
    if (found === expected) return []
    if (found === undefined && !isAws) return 'unverifiable'
    const request = update({ SSESpecification: { Enabled: true, SSEType: expected } })
    const change = { expected, found: found ?? "DynamoDB's own key", does: `encrypt with ${expected}` }
    return [{ ...change, destructive: false, request }]
  },
}

/** Which attribute items expire by. AWS may take an hour to change it. */
export const expiry: Aspect = {
  what: 'expiry',
  plan({ ttlAttribute: expected }, { ttl }) {
    const isOn = ttl.TimeToLiveStatus === 'ENABLED' || ttl.TimeToLiveStatus === 'ENABLING'
    const found = isOn ? (ttl.AttributeName ?? 'unknown') : 'off'
    if (found === expected) return []
    const set = (attribute: string, on: boolean, does: string): Change => ({
      expected,
      found,
      does,
      destructive: false,
      request: { operation: 'UpdateTimeToLive', input: { AttributeName: attribute, Enabled: on } },
    })
    return [
      ...(isOn ? [set(found, false, `end expiry by ${found}`)] : []),
      set(expected, true, `let items expire by ${expected}`),
    ]
  },
}

export const pointInTimeRecovery: Aspect = {
  what: 'point-in-time recovery',
  plan({ pointInTimeRecovery: wanted }, { pointInTimeRecovery: found }) {
    if (!wanted || found) return []
    if (found === undefined) return 'unverifiable'
    const texts = { expected: 'on', found: 'off', does: 'keep backups for point-in-time recovery' }
    return [{ ...texts, destructive: false, request: { operation: 'UpdateContinuousBackups' } }]
  },
}

/** Our tags; the tags of others stay. */
export const tags: Aspect = {
  what: 'tags',
  plan({ tags: wanted }, { tags: found, description }) {
    if (found === undefined) return 'unverifiable'
    const missing = Object.entries(wanted).filter(([key, value]) => found[key] !== value)
    if (missing.length === 0) return []
    const text = (of: Readonly<Record<string, string>>): string =>
      missing.map(([key]) => `${key}=${of[key] ?? ''}`).join(', ')
    const request = {
      operation: 'TagResource',
      arn: description.TableArn ?? '',
      tags: Object.fromEntries(missing),
    } as const
    const does = `tag with ${text(wanted)}`
    return [{ expected: text(wanted), found: text(found), does, destructive: false, request }]
  },
}

export const deletionProtection: Aspect = {
  what: 'deletion protection',
  plan({ deletionProtection: wanted }, { description: { DeletionProtectionEnabled: found } }) {
    if (found === wanted) return []
    if (found === undefined) return 'unverifiable'
    const does = `switch deletion protection ${onOff(wanted)}`
    const request = update({ DeletionProtectionEnabled: wanted })
    return [{ expected: onOff(wanted), found: onOff(found), does, destructive: false, request }]
  },
}
