import { ConfigError, printable } from '@miyabi/core'
import type { PostgresSettings } from './config.js'

/**
 * Returns the settings of the service's own pool: its login, its size, and no connections opened in advance.
 * @throws {ConfigError} `config.invalid` without SERVICE_DATABASE_URL.
 */
export function serviceSettings({ password: _password, ...settings }: PostgresSettings): PostgresSettings {
  const { serviceDatabaseUrl, serviceMaxConnections } = settings
  if (serviceDatabaseUrl === undefined) {
    throw new ConfigError([
      {
        name: 'SERVICE_DATABASE_URL',
        problem: 'is not set',
        expected:
          'the URL of the login that acts as the service, such as postgresql://miyabi_backend:PASSWORD@HOST:5432/miyabi',
      },
    ])
  }
  return printable({
    ...settings,
    databaseUrl: serviceDatabaseUrl,
    serviceDatabaseUrl: undefined,
    maxConnections: serviceMaxConnections,
    minConnections: 0,
  })
}

/**
 * Returns the settings of the connection over which a process listens: the service's login, bypassing any pooler.
 * @throws {ConfigError} `config.invalid` without SERVICE_DIRECT_DATABASE_URL.
 */
export function listenerSettings({ password: _password, ...settings }: PostgresSettings): PostgresSettings {
  const { serviceDirectDatabaseUrl } = settings
  if (serviceDirectDatabaseUrl === undefined) {
    throw new ConfigError([
      {
        name: 'SERVICE_DIRECT_DATABASE_URL',
        problem: 'is not set',
        expected:
          'the URL of the login that acts as the service, bypassing any pooler, such as postgresql://miyabi_backend:PASSWORD@HOST:5432/miyabi',
      },
    ])
  }
  return printable({ ...settings, databaseUrl: serviceDirectDatabaseUrl, pooler: 'none' })
}
