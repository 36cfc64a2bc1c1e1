import type { Leaf } from './call-shape.js'

/** A value in the form of Prisma's protocol. */
export function carried(leaf: Leaf): unknown {
  if (typeof leaf === 'bigint') return String(leaf)
  if (typeof leaf !== 'object') return leaf
  if (leaf instanceof Date) return leaf.toISOString()
  if (Array.isArray(leaf)) return leaf.map(carried)
  if (leaf instanceof Uint8Array) return Buffer.from(leaf.buffer, leaf.byteOffset, leaf.byteLength).toString('base64')
  return (leaf as { toFixed(): string }).toFixed()
}
