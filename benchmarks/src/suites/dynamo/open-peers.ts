import { DynamoDBClient, UpdateTableCommand } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createDynamo, type Dynamo, parseDynamoSettings } from '@miyabi/dynamo'
import { type TableNames, tablesOf } from './model.js'
import { clientPeer } from './peers/client.js'
import { documentPeer } from './peers/document.js'
import { electroPeer } from './peers/electrodb.js'
import { oneTablePeer } from './peers/onetable.js'
import { ourPeer } from './peers/ours.js'
import type { DynamoPeer } from './peers/peer.js'
import { toolboxPeer } from './peers/toolbox.js'

/** All libraries, on the same tables. */
export interface DynamoPeers extends AsyncDisposable {
  readonly ours: Dynamo
  readonly document: DynamoDBDocumentClient
  readonly tables: TableNames
  /** Ours is the last; all others share one client of the SDK. */
  readonly peers: readonly [client: DynamoPeer, document: DynamoPeer, ...others: DynamoPeer[]]
}

/** Makes the tables for a prefix, and what puts and reads there. */
export async function openPeers(endpoint: string, prefix: string): Promise<DynamoPeers> {
  const settings = parseDynamoSettings({
    DYNAMODB_ENDPOINT: endpoint,
    DYNAMODB_TABLE_PREFIX: prefix,
    // The SDK by itself waits for ever; ours must not give up on a machine where everything is slow at times.
    DYNAMODB_TIMEOUT: '60',
    DYNAMODB_ATTEMPT_TIMEOUT_MS: '20000',
  })
  const ours = createDynamo(settings)
  const client = new DynamoDBClient({
    endpoint,
    region: settings.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  const document = DynamoDBDocumentClient.from(client)
  const tables = tablesOf(prefix)
  await ours.tables.apply()
  // The embedded engine takes longer for each write the more its stream holds: soon that would be all there is to see.
  const StreamSpecification = { StreamEnabled: false }
  await ours.client.send(new UpdateTableCommand({ TableName: tables.events, StreamSpecification }))
  return {
    ours,
    document,
    tables,
    peers: [
      clientPeer('client-dynamodb', client, tables),
      documentPeer('lib-dynamodb', document, tables),
      electroPeer('ElectroDB', document, tables),
      toolboxPeer('DynamoDB Toolbox', document, tables),
      oneTablePeer('OneTable', client, tables),
      ourPeer('ours', ours),
    ],
    async [Symbol.asyncDispose]() {
      client.destroy()
      await ours.close()
    },
  }
}
