import { describe, expect, it } from 'vitest'
import { stableId } from './stable-id.js'

describe('stableId', () => {
  it('is a stable UUID of version 5, because stored rows are identified by it', () => {
    expect(stableId('delivery issues/3')).toMatchInlineSnapshot(`"711a2aca-8c46-5cf3-b535-4dfe34f4eb8a"`)
    expect(stableId('')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('distinguishes names', () => {
    expect(stableId('delivery issues/3')).not.toBe(stableId('execution issues/3'))
  })
})
