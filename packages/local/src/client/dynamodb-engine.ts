import { cacheFolder } from '../shared/cache.js'
import { type DynamodbBinary, resolveDynamodb, type Unavailable } from '../supervisor/dynamodb/binary.js'
import { namingErrors } from './errors.js'

export type { DynamodbBinary, Unavailable }

/**
 * Returns the program of the embedded DynamoDB engine, found in the same way as by a stack: for operations that a stack
 * does not offer, such as importing a table of a million items. If there is none, `unavailable` states why and what to
 * do.
 *
 * @param workspace a folder whose packages may have it too. Default: the current one.
 * @throws {LocalError} `local.folder.denied` if no cache folder can be used.
 */
export function findDynamodbEngine(workspace: string = process.cwd()): Promise<DynamodbBinary | Unavailable> {
  return namingErrors(workspace, () => resolveDynamodb(cacheFolder(), undefined, workspace))
}
