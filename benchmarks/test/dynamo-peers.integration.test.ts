import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import { dynamodbEndpoint, tablePrefix } from '@miyabi/testing'
import { describe, expect, it } from 'vitest'
import { newEvent } from '../src/suites/dynamo/model.js'
import { openPeers } from '../src/suites/dynamo/open-peers.js'

/** A number of every item of ours, which the libraries have no word for: when it was written. */
const WHEN_WRITTEN: ReadonlySet<string> = new Set(['w', 'writtenAt'])

describe('the peers of the dynamo suite', () => {
  it('store the same attributes, whoever stores, but for when it was written', async () => {
    await using opened = await openPeers(dynamodbEndpoint(), tablePrefix())
    const { document, tables, peers } = opened
    const names = peers.map(({ name }) => name)
    for (const peer of peers) {
      await peer.put({ ...newEvent(1), userId: peer.name })
      await peer.putAll([{ ...newEvent(1), userId: peer.name }])
      await peer.deliver(peer.name)
      await peer.save(peer.name)
    }
    const shapes = new Map<string, string[]>(names.map((name) => [name, []]))
    for (const TableName of Object.values(tables)) {
      const { Items = [] } = await document.send(new ScanCommand({ TableName }))
      for (const item of Items) {
        const owner: string = item['u'] ?? item['recipient'] ?? item['agentId']
        const compared = Object.entries(item).filter(([attribute]) => !WHEN_WRITTEN.has(attribute))
        const types = compared.map(([attribute, value]) => `${attribute} ${typeof value}`)
        shapes.get(owner)?.push(`${item['__edb_e__']}: ${types.sort().join(', ')}`)
      }
    }
    const [first = []] = shapes.values()
    expect(first).toHaveLength(5) // two events, a queue, a state and its version
    const sorted = new Map([...shapes].map(([name, all]) => [name, all.sort()]))
    expect(sorted).toEqual(new Map(names.map((name) => [name, first.sort()])))
  })
})
