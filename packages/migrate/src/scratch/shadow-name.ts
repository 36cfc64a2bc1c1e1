import { randomBytes } from 'node:crypto'

const PREFIX = 'prisma_migrate_shadow_db_'

/** Our names only: the native engine's end in a random (version 4) UUID and are left alone. */
const OURS = /^prisma_migrate_shadow_db_([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/**
 * A name for a shadow database that encodes when it was created: Prisma's prefix and a version 7 UUID. So an abandoned
 * one can be distinguished from one that another run has just created, without a record that a crash could prevent.
 */
export function shadowName(createdAtMs: number): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(createdAtMs, 0, 6)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return PREFIX + bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** When one of our shadow databases was created, in milliseconds since 1970; undefined for any other name. */
export function shadowCreatedAtMs(name: string): number | undefined {
  const [, high, low] = OURS.exec(name) ?? []
  return high !== undefined && low !== undefined ? Number.parseInt(high + low, 16) : undefined
}
