export {
  assertAboveZero,
  type BackfillBatch,
  type BackfillOptions,
  type BackfillProgress,
  describeBackfill,
  runBackfill,
} from './backfill.js'
export { type Effect, isMiyabiError, MiyabiError, type MiyabiErrorOptions } from './error.js'
export type { Finding } from './finding.js'
export { type JsonValue, jsonReplacer, stringifyJson, toJson } from './json.js'
export { type LogFields, type Logger, redactingLogger, silentLogger } from './logger.js'
export { redactText, redactUrl, safeCause } from './redact.js'
export { RetryBudget, type RetryBudgetOptions } from './retry-budget.js'
export { ConfigError, type SettingFault } from './settings/config-error.js'
export type { Setting, SettingInfo } from './settings/field.js'
export * as field from './settings/field.js'
export { renderEnvExample, renderReference } from './settings/render.js'
export {
  defineSettings,
  type Environment,
  type SettingFields,
  type SettingRule,
  type Settings,
  type SettingValues,
} from './settings/settings.js'
export { readStack, STACK_FILE, STACK_FOLDER, type StackDescriptor, stackFolder } from './stack.js'
export type { StoreHealth } from './store-health.js'
export { type DeadlineOptions, fullJitter, sleep, withDeadline } from './time.js'
export { findWorkspaceRoot } from './workspace.js'
