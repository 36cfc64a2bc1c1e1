import { cacheNotes } from './cache/notes.js'
import { openCacheSuite } from './cache/suite.js'
import { openDynamoSuite } from './dynamo/suite.js'
import { openDynamoSizeSuite } from './dynamo-size/suite.js'
import { openObserveSuite } from './observe/suite.js'
import { outboxNotes } from './outbox/notes.js'
import { openOutboxSuite } from './outbox/suite.js'
import { openPostgresSuite } from './postgres/suite.js'
import { openReplicasSuite } from './replicas/suite.js'
import { openRlsSuite } from './rls/suite.js'
import { openStartSuite } from './start/suite.js'
import type { SuiteDeclaration } from './suite.js'

export const suites = {
  postgres: {
    title: 'PostgreSQL',
    packages: [
      'pg',
      'pg-copy-streams',
      'postgres',
      'drizzle-orm',
      'kysely',
      '@mikro-orm/postgresql',
      '@prisma/adapter-pg',
    ],
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
    title: 'DynamoDB with growing tables',
    packages: ['@aws-sdk/client-dynamodb', 'electrodb'],
    open: openDynamoSizeSuite,
  },
  rls: {
    title: 'Row-level security',
    packages: ['pg', 'postgres', '@prisma/adapter-pg'],
    open: openRlsSuite,
  },
  observe: {
    title: 'Observers',
    packages: ['pg', '@opentelemetry/sdk-trace-node'],
    open: openObserveSuite,
  },
  outbox: {
    title: 'Outbox, relay and streams',
    notes: outboxNotes,
    packages: ['pg', '@prisma/adapter-pg', '@aws-sdk/client-dynamodb', 'electrodb', 'pg-boss', 'graphile-worker'],
    open: openOutboxSuite,
  },
  replicas: {
    title: 'Replicas',
    packages: ['pg', '@prisma/adapter-pg', '@prisma/extension-read-replicas'],
    open: openReplicasSuite,
  },
  cache: {
    title: 'Cache',
    notes: cacheNotes,
    packages: ['bentocache', 'ioredis', 'cacheable', '@keyv/redis', 'pg'],
    open: openCacheSuite,
  },
  start: {
    title: 'Startup',
    packages: ['pg', '@prisma/adapter-pg'],
    open: openStartSuite,
  },
} as const satisfies Record<string, SuiteDeclaration>

export type SuiteName = keyof typeof suites

export const suiteNames = Object.keys(suites) as SuiteName[]
