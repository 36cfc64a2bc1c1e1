import { Prisma } from '../../src/index.js'

/** A value as two clients are compared by: with the class of each part, the order of names, and what is undefined. */
function shown(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value)
  const kind = (Object.getPrototypeOf(value) as object | null)?.constructor.name ?? 'null'
  if (value instanceof Date) return `${kind}(${Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString()})`
  if (ArrayBuffer.isView(value))
    return `${kind}(${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')})`
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`
  if (value instanceof Error) return `${kind}(${JSON.stringify(value.message)}, ${shown(value.cause)})`
  if (Prisma.Decimal.isDecimal(value)) return `${kind}(${String(value)})`
  const entries = Object.entries(value).map(([name, item]) => `${name}: ${shown(item)}`)
  return `${kind === 'Object' ? '' : kind}{${entries.join(', ')}}`
}

/** What became of a call. */
export interface Outcome {
  readonly value: string | undefined
  readonly error: FailedCall | undefined
}

export interface FailedCall {
  readonly name: string
  readonly code: string | undefined
  readonly message: string
  readonly meta: string
}

export async function outcomeOf(call: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { value: shown(await call()), error: undefined }
  } catch (thrown) {
    const { name, code, message, meta } = thrown as Error & { readonly code?: string; readonly meta?: unknown }
    return { value: undefined, error: { name, code, message, meta: shown(meta) } }
  }
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g

/** The same without ids and instants that the database or Prisma has made since `since`. */
export function masked(text: string, since: Date): string {
  return text
    .replace(UUID, 'a made id')
    .replace(/\b1\d{6}\b/g, 'a made number') // sequences count what failed, too
    .replace(/Date\(([^)]+)\)/g, (whole, iso: string) =>
      new Date(iso) >= since && iso < '2090' ? 'a made instant' : whole,
    )
}
