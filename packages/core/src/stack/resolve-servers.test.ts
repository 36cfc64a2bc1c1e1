import { describe, expect, it } from 'vitest'
import { MIGRATOR_URLS, resolveServers } from './resolve-servers.js'

describe('resolveServers', () => {
  it('takes what a variable names, by any of its names', () => {
    const named = { postgres: 'named', dynamodb: 'named' }
    for (const endpoint of ['DYNAMODB_ENDPOINT', 'AWS_ENDPOINT_URL_DYNAMODB', 'AWS_ENDPOINT_URL']) {
      const env = { DATABASE_URL: 'postgresql://h/d', [endpoint]: 'http://h:1' }
      expect(resolveServers(env)).toEqual(named)
      expect(resolveServers({ ...env, NODE_ENV: 'production' })).toEqual(named)
    }
  })

  it("takes the migrator's own URL for naming PostgreSQL to the migrator alone", () => {
    const env = { DIRECT_DATABASE_URL: 'postgresql://h/d' }
    expect(resolveServers(env).postgres).toBe('stack')
    expect(resolveServers(env, MIGRATOR_URLS).postgres).toBe('named')
  })

  it('lets the embedded stack stand in for what is unset or blank, store by store, but never in production', () => {
    expect(resolveServers({ DATABASE_URL: ' ', DYNAMODB_ENDPOINT: '' })).toEqual({
      postgres: 'stack',
      dynamodb: 'stack',
    })
    expect(resolveServers({ DATABASE_URL: 'postgresql://h/d' })).toEqual({ postgres: 'named', dynamodb: 'stack' })
    for (const NODE_ENV of ['production', ' production ', 'production\r'])
      expect(resolveServers({ NODE_ENV })).toEqual({ postgres: 'none', dynamodb: 'none' })
  })
})
