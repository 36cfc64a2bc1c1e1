import { ConfigError } from '@miyabi/core'
import { describe, expect, it } from 'vitest'
import { schemaOf, serverOf, toClientConfig } from './client-config.js'
import { parsePostgresSettings } from './config.js'

const settings = parsePostgresSettings({ DATABASE_URL: 'postgresql://app:hunter2@db.example.com/miyabi?schema=app' })

describe('toClientConfig', () => {
  it('says every setting in the words of the driver', () => {
    expect(toClientConfig(settings)).toEqual({
      host: 'db.example.com',
      port: 5432,
      database: 'miyabi',
      user: 'app',
      password: 'hunter2',
      ssl: false,
      application_name: 'miyabi',
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      options:
        '-c statement_timeout=60000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=60000 -c search_path=app',
    })
    expect(schemaOf(settings)).toBe('app')
  })

  it.each([
    'hunter2',
    'postgresql://app:hunter2@host/db?connection_limit=1',
    'postgresql://app:hunter2@host/db?sslmode=verify-ca&sslrootcert=/no/such/file.pem',
  ])('refuses settings made by hand whose URL cannot be used, without telling it', (databaseUrl) => {
    const refused = (): unknown => toClientConfig({ ...settings, databaseUrl })
    expect(refused).toThrow(ConfigError)
    expect(refused).not.toThrow(/hunter2/)
  })
})

describe('serverOf', () => {
  it('names the server and no password', () => {
    expect(serverOf(settings)).toBe('server db.example.com:5432; database miyabi; user app')
  })
})
