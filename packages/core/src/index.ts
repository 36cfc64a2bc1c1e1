export {
  assertAboveZero,
  type BackfillBatch,
  type BackfillOptions,
  type BackfillProgress,
  describeBackfill,
  runBackfill,
} from './backfill/backfill.js'
export { Closing, DEFAULT_GRACE_MS, Grace } from './concurrency/grace.js'
export { Operations } from './concurrency/operations.js'
export { type SlotStats, Slots } from './concurrency/slots.js'
export { databaseRoles } from './database-roles.js'
export { ConfigError, type SettingFault } from './errors/config-error.js'
export { type Effect, isMiyabiError, MiyabiError, type MiyabiErrorOptions, type WithCode } from './errors/error.js'
export type { Finding } from './health/finding.js'
export type { StoreHealth } from './health/store-health.js'
export { installedPackage, installedVersion } from './internals/installed-version.js'
export { type Internal, InternalsCheck, internalsOf, type MissingInternal } from './internals/internals.js'
export { type Defined, defined } from './json/defined.js'
export { type JsonValue, jsonReplacer, stringifyJson, toJson } from './json/json.js'
export { type LogFields, type Logger, redactingLogger, silentLogger } from './logging/logger.js'
export { redactText } from './logging/redact.js'
export { redactUrl } from './logging/redact-url.js'
export { redactValue } from './logging/redact-value.js'
export { safeCause } from './logging/safe-cause.js'
export {
  addFollowingObserver,
  type CallFollower,
  type CallInProgress,
  type CallStart,
  Calls,
  type HooksAndCalls,
} from './observe/calls.js'
export { Hook, type ObserverContext } from './observe/hook.js'
export { type Distrust, distrustFile, distrustFolder } from './ownership.js'
export { commandLine, isRunning, isStillRunning, type ProcessMark, startMark } from './process.js'
export { asTyped } from './project/as-typed.js'
export { findProjectRoot } from './project/root.js'
export { warnOfSecondCopy } from './project/second-copy.js'
export { type Environment, isProduction, isSet, readVariable } from './settings/environment.js'
export type { Setting, SettingInfo } from './settings/field.js'
export * as field from './settings/field.js'
export { printable } from './settings/printable.js'
export { renderEnvExample, renderReference } from './settings/render.js'
export {
  defineSettings,
  type SettingFields,
  type SettingRule,
  type Settings,
  type SettingValues,
} from './settings/settings.js'
export { encodingProblem } from './settings/url-encoding.js'
export { statementShape } from './sql/statement-shape.js'
export type { StackDescriptor, StackReplica } from './stack/descriptor.js'
export {
  APPLICATION_URLS,
  applicationUrlsOf,
  DYNAMODB_ENDPOINTS,
  MIGRATOR_URLS,
  originOf,
  resolveServers,
  type ServerOrigin,
  type ServerOrigins,
} from './stack/resolve-servers.js'
export {
  type FoundStack,
  findStack,
  readStack,
  STACK_FILE,
  STACK_FOLDER,
  stackFolder,
} from './stack/stack.js'
export { RetryBudget, type RetryBudgetOptions } from './time/retry-budget.js'
export { type DeadlineOptions, fullJitter, orAborted, settlesWithin, sleep, withDeadline } from './time/time.js'
