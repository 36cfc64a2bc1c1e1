/** In milliseconds. The server's own units; a value without one is in milliseconds. */
const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }

const MENTION = /statement_timeout/i
const SETTING = /\bset\b|\bset_config\b/i
const VALUE = /statement_timeout["']?\s*(?:=|\bto\b|,)\s*(?:'\s*)?(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?\b/gi

/**
 * The longest limit that a text sets for statements (`SET LOCAL statement_timeout = '5min'`), in milliseconds: 0 if it
 * sets none, Infinity if it disables the limit, or if only the server knows the value.
 */
export function longestTimeoutIn(text: string): number {
  if (!MENTION.test(text) || !SETTING.test(text)) return 0
  const values = [...text.matchAll(VALUE)].map(([, number, unit = 'ms']) => {
    const ms = Number(number) * (UNITS[unit.toLowerCase()] ?? Number.NaN)
    return ms > 0 ? ms : Number.POSITIVE_INFINITY
  })
  return values.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...values)
}
