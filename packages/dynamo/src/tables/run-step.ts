import {
  CreateTableCommand,
  DeleteTableCommand,
  TagResourceCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import type { TableServer } from './actual.js'
import { abort } from './describe.js'
import type { TableStep } from './step.js'

/** Sends the request of a step. Does not wait for its effect. */
export async function runStep(
  { client, autoScaling }: TableServer,
  { table, request }: TableStep,
  signal: AbortSignal | undefined,
): Promise<void> {
  const TableName = table
  switch (request.operation) {
    case 'CreateTable':
      await client.send(new CreateTableCommand(request.input), abort(signal))
      return
    case 'DeleteTable':
      await client.send(new DeleteTableCommand({ TableName }), abort(signal))
      return
    case 'UpdateTable':
      await client.send(new UpdateTableCommand({ TableName, ...request.input }), abort(signal))
      return
    case 'UpdateTimeToLive': {
      const command = new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: request.input })
      await client.send(command, abort(signal))
      return
    }
    case 'UpdateContinuousBackups': {
      const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true }
      const command = new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification })
      await client.send(command, abort(signal))
      return
    }
    case 'TagResource': {
      const Tags = Object.entries(request.tags).map(([Key, Value]) => ({ Key, Value }))
      await client.send(new TagResourceCommand({ ResourceArn: request.arn, Tags }), abort(signal))
      return
    }
    case 'RegisterScalableTarget':
      await autoScaling?.register(request.target, signal)
  }
}
