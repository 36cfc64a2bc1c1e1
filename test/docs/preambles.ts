/**
 * What the examples of a page take for granted, so that each can begin with what it shows. Declarations only, with the
 * types that the packages give them.
 */
export const preambles: Readonly<Record<string, string>> = {
  'docs/COMPILED_READS.md': `
    declare const postgres: import('@miyabi/postgres').Postgres
  `,
  'docs/DATABASE_DESIGN.md': `
    declare const db: import('@miyabi/db').DatabaseContext
    declare const userId: string, webUserId: string, pluginId: string, executionId: string
    declare const last: { readonly createdAt: Date; readonly id: string } | undefined
    declare const executions: readonly { readonly id: string; readonly status: string }[]
  `,
  'docs/DATABASE_SETUP_GUIDE.md': `
    declare const db: import('@miyabi/db').DatabaseContext
    declare const response: import('node:http').ServerResponse
  `,
  'docs/OUTBOX.md': `
    declare const db: import('@miyabi/db').DatabaseContext<{
      'webhook.deliver': import('@miyabi/db').EffectDefinition<{ readonly endpoint: string; readonly body: string }>
    }>
  `,
  'docs/REPLICAS.md': `
    declare const db: import('@miyabi/db').DatabaseContext
    declare const userId: string, name: string
    declare const cookies: Readonly<Record<string, string | undefined>>
  `,
  'docs/ROW_LEVEL_SECURITY.md': `
    declare const db: import('@miyabi/db').DatabaseContext
    declare const userId: string
    declare const license: import('@miyabi/db').Prisma.LicenseUncheckedCreateInput
  `,
  'docs/guides/monitoring.md': `
    declare const db: import('@miyabi/db').DatabaseContext
  `,
  'docs/guides/personal-data.md': `
    declare const userId: string
    declare const marks: readonly import('@miyabi/db').ErasureMark[]
  `,
  'packages/db/README.md': `
    declare const db: import('@miyabi/db').DatabaseContext
    declare const userId: string
    declare const license: import('@miyabi/db').Prisma.LicenseUncheckedCreateInput
    declare const server: import('node:http').Server
    declare const logger: import('@miyabi/db').Logger
    declare const message: import('@miyabi/db').NewMessage
    declare const review: import('@miyabi/db').Prisma.PluginReviewUncheckedCreateInput
    declare const email: string
    declare function conflict(columns: readonly string[]): Response
    declare function later(): Response
  `,
  'packages/dynamo/README.md': `
    declare const dynamo: import('@miyabi/dynamo').Dynamo
    declare const events: readonly import('@miyabi/dynamo').NewEvent[]
    declare const eventType: string, idempotencyKey: string, userId: string, repositoryId: string, data: object
    declare const id: string, agentId: string, recipient: string, connectionId: string, payload: object, position: bigint, at: Date
    declare const occurredAt: Date, from: Date, to: Date
  `,
  'packages/postgres/README.md': `
    declare const NotesClient: import('@miyabi/postgres').ClientClass
    declare const postgres: import('@miyabi/postgres').Postgres, service: import('@miyabi/postgres').Postgres
    declare const settings: import('@miyabi/postgres').PostgresSettings
    declare const events: import('@miyabi/postgres').Prisma.UsageEventCreateManyInput[]
    declare const userId: string
    declare const logger: import('@miyabi/core').Logger
    declare const id: string, email: string, text: string
    declare function conflict(columns: readonly string[] | undefined): Response
    declare const signer: { getAuthToken(): Promise<string> }
    declare const waits: { record(ms: number): void }
    declare const alerts: { send(message: string, stats: object): void }
  `,
  'packages/migrate/README.md': `
    declare const url: string
  `,
  'apps/demo/README.md': `
    declare const env: NodeJS.ProcessEnv
    declare const batch: readonly import('demo/webhooks/deliveries.js').Delivery[]
    declare const events: readonly import('@miyabi/db').NewEvent[]
    declare const storeDeliveries: typeof import('demo/webhooks/store.js').storeDeliveries
  `,
}
