export { Budget, type BudgetOptions, currentSeed } from './budget.js'
export { deploy } from './deploy.js'
export {
  type DynamoAnswer,
  type DynamoErrorAnswer,
  type DynamoFault,
  type DynamoProxy,
  type DynamoRequest,
  startDynamoProxy,
} from './dynamo-proxy.js'
export { dynamodbEndpoint, patience, TestServerMissingError, tablePrefix, testVariables } from './environment.js'
export { freePort } from './free-port.js'
export { type KillableServer, startKillableServer } from './killable-server.js'
export { type PreparedFolder, preparedFolder, type ServerUser, serverUser } from './prepared-folder.js'
export { type PrivateServer, type PrivateServerOptions, startPrivateServer } from './private-server.js'
export { RedisServer, type RedisServerOptions } from './redis-server.js'
export { startTestRun, type TestRun, type TestRunOptions } from './run.js'
export { databasesRunning, shadowDatabases, sql, until } from './sql.js'
export { startTcpProxy, type TcpProxy } from './tcp-proxy.js'
export { createTestDatabase, type TestDatabase } from './test-database.js'
