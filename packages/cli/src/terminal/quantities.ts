import { UsageError } from './command.js'

const SECONDS = { s: 1, m: 60, min: 60, h: 3600, d: 86_400, w: 604_800 } as const
const BYTES = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9 } as const

/**
 * `7d`, `12h`, `30min`, in milliseconds.
 * @throws {UsageError}
 */
export function durationOf(option: string, text: string, command: string): number {
  const [, count, unit = ''] = /^(\d+)(s|m|min|h|d|w)$/.exec(text) ?? []
  if (count === undefined) throw new UsageError(`--${option} expects a duration such as 7d, 12h or 30min`, command)
  return Number(count) * SECONDS[unit as keyof typeof SECONDS] * 1000
}

/**
 * `20MB/s`, `500kB/s`, in bytes a second.
 * @throws {UsageError}
 */
export function rateOf(option: string, text: string, command: string): number {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)(b|kb|mb|gb)(?:\/s)?$/i.exec(text) ?? []
  if (count === undefined) throw new UsageError(`--${option} expects a rate such as 20MB/s`, command)
  return Number(count) * BYTES[unit.toLowerCase() as keyof typeof BYTES]
}

/**
 * A whole number.
 * @throws {UsageError}
 */
export function countOf(option: string, text: string, command: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new UsageError(`--${option} expects a whole number`, command)
}
