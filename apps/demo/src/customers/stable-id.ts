import { createHash } from 'node:crypto'

/** Separates the demo's names from all others; any fixed UUID would do. */
const NAMESPACE = Buffer.from('6f1d3c9a52b74e0c9d5e8a417b20c6f3', 'hex')

/**
 * The UUID of a name (version 5 of RFC 9562, section 5.5): the same in every run and on every machine, so that a row
 * inserted a second time is recognized as the existing one.
 */
export function stableId(name: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(name).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6) // version 5
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8) // variant
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
