import { describe, expect, it } from 'vitest'
import { shadowCreatedAtMs, shadowName } from './shadow-name.js'

describe('shadowName', () => {
  it("has Prisma's prefix, holds its time, and never comes twice", () => {
    const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
    const name = shadowName(at)
    expect(name).toMatch(
      /^prisma_migrate_shadow_db_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    expect(shadowCreatedAtMs(name)).toBe(at)
    expect(shadowName(at)).not.toBe(name)
  })
})

describe('shadowCreatedAtMs', () => {
  it.each([
    'prisma_migrate_shadow_db_0d5f0c1e-8b0a-4c55-9d0b-6f3f2f1f7a11', // of the native engine
    'prisma_migrate_shadow_db_018e0f0e-8b0a-7c55-9d0b-6f3f2f1f7a11_mine',
    'my_prisma_migrate_shadow_db_018e0f0e-8b0a-7c55-9d0b-6f3f2f1f7a11',
    'miyabi',
  ])('knows nothing of %s, which is not ours', (name) => expect(shadowCreatedAtMs(name)).toBeUndefined())
})
