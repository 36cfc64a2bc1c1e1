/**
 * Returns a UUID of version 7 (RFC 9562), in lower case.
 * @param ms since 1970. @param sequence 12 bits after the version. @param random 8 bytes, two bits of which are
 *   overwritten by the variant.
 */
export function uuid7(ms: number, sequence: number, random: Uint8Array): string {
  const bytes = Buffer.alloc(16)
  bytes.writeUIntBE(ms, 0, 6)
  bytes.writeUInt16BE(0x7000 | sequence, 6)
  bytes.set(random, 8)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
