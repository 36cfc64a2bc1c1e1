import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parseDynamoSettings } from './config.js'
import { unreadCredentials } from './credentials.js'

describe('unreadCredentials', () => {
  it("names what AWS's chain would not see, because it reads the process's environment", () => {
    const env = { AWS_ROLE_ARN: 'arn:a', AWS_CONFIG_FILE: '/same', AWS_WEB_IDENTITY_TOKEN_FILE: ' ' }
    expect(unreadCredentials(env, { AWS_CONFIG_FILE: '/same' }).map(({ name }) => name)).toEqual(['AWS_ROLE_ARN'])
    expect(unreadCredentials({}, { AWS_ROLE_ARN: 'arn:a' })).toEqual([])
  })
})

describe('the keys in the settings', () => {
  it('are not printed', () => {
    const settings = parseDynamoSettings({
      AWS_ACCESS_KEY_ID: 'AKID',
      AWS_SECRET_ACCESS_KEY: 'hush',
      AWS_SESSION_TOKEN: 'hush',
    })
    expect(settings.credentials).toEqual({ accessKeyId: 'AKID', secretAccessKey: 'hush', sessionToken: 'hush' })
    expect(inspect(settings, { depth: 9 })).not.toContain('hush')
  })
})
