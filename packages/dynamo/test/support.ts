import { dynamodbEndpoint } from '@miyabi/testing'
import { type DynamoSettings, parseDynamoSettings } from '../src/config.js'

/** The settings for the server of the run, with whatever a test changes. */
export function testSettings(changes: Partial<DynamoSettings> = {}): DynamoSettings {
  return { ...parseDynamoSettings({ DYNAMODB_ENDPOINT: dynamodbEndpoint() }), ...changes }
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not reject')
}
