import { cacheFolder } from '../shared/cache.js'
import { type DynamodbBinary, resolveDynamodb, type Unavailable } from '../supervisor/dynamodb/binary.js'
import { namingErrors } from './errors.js'

export type { DynamodbBinary, Unavailable }

/**
 * The program of the embedded DynamoDB engine, looked for as a stack does: for what a stack does not offer, such as the
 * import of a table of a million items. Where there is none, `unavailable` says why and what to do.
 *
 * @param workspace a folder whose packages may have it too. Default: the current one.
 * @throws {LocalError} `local.folder.denied` where no cache folder can be used.
 */
export function findDynamodbEngine(workspace: string = process.cwd()): Promise<DynamodbBinary | Unavailable> {
  return namingErrors(workspace, () => resolveDynamodb(cacheFolder(), undefined, workspace))
}
