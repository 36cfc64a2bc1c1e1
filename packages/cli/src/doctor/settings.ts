import { backupSettings } from '@miyabi/backup'
import { ConfigError } from '@miyabi/core'
import { parseDatabaseSettings } from '@miyabi/db'
import { localSettings } from '@miyabi/local'
import { migrateSettings } from '@miyabi/migrate'
import type { CheckGroup } from './group.js'

export const settingsGroup: CheckGroup = {
  name: 'settings',
  looksFor: 'settings that are invalid or missing',
  async run({ env }) {
    const faults = [backupSettings, migrateSettings, localSettings].flatMap((settings) => settings.check(env).faults)
    try {
      parseDatabaseSettings(env)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      faults.unshift(...error.details.faults)
    }
    return faults.map(({ name, problem, expected }) => ({
      check: 'settings.invalid',
      object: name,
      problem,
      remedy: `set ${name} to ${expected}, in the environment or .env (docs/reference/settings.md)`,
    }))
  },
}
