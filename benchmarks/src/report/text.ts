/** Two decimals below ten, one below a hundred. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (Math.abs(value) < 10) return value.toFixed(2)
  return Math.abs(value) < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en')
}

/** Microseconds below a millisecond, else milliseconds. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '-'
  return ms < 1 ? `${number(ms * 1000)} µs` : `${number(ms)} ms`
}
