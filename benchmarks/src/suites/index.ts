import type { Suite } from '../harness/workload.js'
import type { Servers } from '../servers.js'
import { openDynamoSuite } from './dynamo/suite.js'
import { openDynamoSizeSuite } from './dynamo-size/suite.js'
import { openPostgresSuite } from './postgres/suite.js'
import { openRlsSuite } from './rls/suite.js'
import { openStartSuite } from './start/suite.js'

/** How a suite is to run. */
export interface OpenOptions {
  /** Whether a small preparation will do. */
  readonly quick: boolean
  /** Hears what is under way, where that takes long. */
  readonly onProgress: (text: string) => void
}

/** A suite as it is declared: what it needs is opened only when it runs. */
export interface SuiteDeclaration {
  readonly title: string
  /** Packages whose versions belong to the result. */
  readonly packages: readonly string[]
  readonly open: (servers: Servers, options: OpenOptions) => Promise<Suite>
}

export const suites = {
  postgres: {
    title: 'PostgreSQL',
    packages: ['pg', 'pg-copy-streams', 'postgres', 'drizzle-orm', 'kysely', '@prisma/adapter-pg'],
    open: openPostgresSuite,
  },
  dynamo: {
    title: 'DynamoDB',
    packages: [
      '@aws-sdk/client-dynamodb',
      '@aws-sdk/lib-dynamodb',
      'electrodb',
      'dynamodb-toolbox',
      'dynamodb-onetable',
    ],
    open: openDynamoSuite,
  },
  'dynamo-size': {
    title: 'DynamoDB, as tables grow',
    packages: ['@aws-sdk/client-dynamodb', 'electrodb'],
    open: openDynamoSizeSuite,
  },
  rls: {
    title: 'Row-level security',
    packages: ['pg', 'postgres', '@prisma/adapter-pg'],
    open: openRlsSuite,
  },
  start: {
    title: 'Start',
    packages: ['pg', '@prisma/adapter-pg'],
    open: openStartSuite,
  },
} as const satisfies Record<string, SuiteDeclaration>

export type SuiteName = keyof typeof suites

export const suiteNames = Object.keys(suites) as SuiteName[]
