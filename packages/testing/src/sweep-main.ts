import { readVariable } from '@miyabi/core'
import { withConnection } from './admin.js'
import { fromRun, testVariables } from './environment.js'
import { runOf } from './names.js'
import { dropRun } from './sweep.js'

/** Run as a separate process by a test run that exits without closing: drops what that run created. */
const run = runOf(`${fromRun('prefix')}_`)
if (run !== undefined) {
  const endpoint = readVariable(process.env, testVariables.dynamodbEndpoint)
  await withConnection(fromRun('directDatabaseUrl'), (client) => dropRun(client, endpoint, run))
}
