import { Operations, RetryBudget, silentLogger } from '@miyabi/core'
import { describe, expect, it } from 'vitest'
import { type EventModel, eventShapes } from '../src/events/event.js'
import { bindEvents, type Events } from '../src/events/events.js'
import { MadeDays } from '../src/events/made-days.js'
import { ownDocumentClient } from '../src/internals/aws-sdk.js'
import { createIdSource } from '../src/items/ids.js'
import { ItemShapeError, itemShapes } from '../src/items/schema-version.js'
import { createDynamoHooks } from '../src/observe/dynamo-hooks.js'
import { rejection, testDynamo, testSettings } from './support.js'

describe('events of another shape', () => {
  it('are lifted when they are read, in every way of reading, and refused where they are newer', async () => {
    await using dynamo = await testDynamo()
    const table = (await dynamo.tables.status()).tables[0]?.table ?? ''
    const withShapes = (shapes: EventModel['shapes']): Events =>
      bindEvents(
        {
          document: ownDocumentClient(dynamo.client),
          settings: testSettings({ timeoutMs: 20_000 }),
          operations: new Operations(),
          hooks: createDynamoHooks(silentLogger),
          retryBudget: new RetryBudget(),
          now: Date.now,
        },
        table,
        { shapes, plan: {}, retentionMs: 86_400_000, ids: createIdSource(), madeDays: new MadeDays(), now: Date.now },
        new Set(),
      )
    const today = withShapes(eventShapes)
    // Tomorrow's shape calls a count what was called n.
    const tomorrow = withShapes(
      itemShapes('event', [
        (item) => ({ ...item, writtenAt: 0 }),
        (item) => ({ ...item, data: { count: (item.data as { n: number }).n } }),
      ]),
    )
    const event = { eventType: 'shaped', userId: 'u', repositoryId: 'r' }
    const old = await today.append({ ...event, data: { n: 1 } })
    const data = { count: 1 }
    expect((await tomorrow.get('shaped', old.id))?.data).toEqual(data)
    for (const page of [tomorrow.byType('shaped'), tomorrow.byUser('u'), tomorrow.byRepository('r')]) {
      expect((await page).items.map((item) => item.data)).toEqual([data])
    }

    const { id } = await tomorrow.append({ ...event, data: { count: 2 } })
    expect((await tomorrow.get('shaped', id))?.data).toEqual({ count: 2 })
    const error = await rejection(today.get('shaped', id))
    expect(error).toBeInstanceOf(ItemShapeError)
    expect(error).toMatchObject({ details: { schemaVersion: 3, known: 2 } })
  })
})
