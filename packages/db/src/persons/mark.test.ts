import { ConfigError } from '@miyabi/core'
import { describe, expect, it } from 'vitest'
import { assertErasureKey, markOf, subjectOf } from './mark.js'

const id = '00000000-0000-7000-8000-00000000000a'

describe('the mark of an erasure', () => {
  it('is the HMAC of the kind and the id, as openssl makes it', () => {
    // printf 'user:00000000-0000-7000-8000-00000000000a' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
    const key = '0123456789abcdef0123456789abcdef'
    expect(markOf({ kind: 'user', id }, key)).toBe('3c048be528dd93bbf9640c27f8e596eeb058f148f1bb009938487eff5232dfdd')
    expect(markOf({ kind: 'web_user', id }, key)).not.toBe(markOf({ kind: 'user', id }, key))
  })

  it('is the same however an id is spelled', () => {
    expect(subjectOf({ userId: id.toUpperCase() })).toEqual({ kind: 'user', id })
    expect(subjectOf({ webUserId: id.toUpperCase() })).toEqual({ kind: 'web_user', id })
  })

  it('needs its key, and says how to make one', () => {
    expect(() => assertErasureKey(undefined)).toThrow(ConfigError)
    expect(() => assertErasureKey(undefined)).toThrow(/ERASURE_KEY: is not set.*openssl rand -base64 32/)
  })
})
