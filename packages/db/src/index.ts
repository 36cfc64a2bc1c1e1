export {
  type CreateOptions,
  DatabaseContext,
  type DatabaseStats,
  type FromEnvOptions,
} from './context.js'
export type { DatabaseHealth, StoreHealth } from './health.js'
export { renderEnvFile, renderSettingsPage } from './render-settings.js'
export { contextSettings, type DatabaseSettings, parseDatabaseSettings, settingsGroups } from './settings.js'
