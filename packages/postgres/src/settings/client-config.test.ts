import { describe, expect, it } from 'vitest'
import { toClientConfig } from './client-config.js'
import { parsePostgresSettings } from './config.js'
import { resolvePostgresSettings } from './resolve.js'

const settings = parsePostgresSettings({ DATABASE_URL: 'postgresql://app:hunter2@db.example.com/miyabi?schema=app' })

describe('toClientConfig', () => {
  it('says every setting in the words of the driver', () => {
    expect(toClientConfig(resolvePostgresSettings(settings))).toEqual({
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
  })
})
