/** The form of a value of an option or an argument, and its meaning. */
export interface ValueKind<T> {
  /** The placeholder in help texts: `DURATION`. */
  readonly hint: string
  /** The expected value in errors: `a duration such as 7d, 12h or 30min`. */
  readonly expected: string
  /** The allowed values, if only these are allowed. */
  readonly choices?: readonly string[]
  /** Returns undefined for a text that is not a valid value. */
  read(text: string): T | undefined
}

/** Any text that is not empty. */
export const text = (hint: string): ValueKind<string> => ({
  hint,
  expected: `a value (${hint})`,
  read: (value) => value || undefined,
})

/** One of several words. */
export const oneOf = <const Choice extends string>(...choices: readonly Choice[]): ValueKind<Choice> => ({
  hint: choices.join('|'),
  expected: `one of: ${choices.join(', ')}`,
  choices,
  read: (value) => choices.find((choice) => choice === value),
})

/** A whole number within bounds, both included. */
export const wholeNumber = (least = 0, most = 999_999_999): ValueKind<number> => ({
  hint: 'N',
  expected: most === 999_999_999 ? 'a whole number' : `a whole number from ${least} to ${most}`,
  read: (value) =>
    /^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most ? Number(value) : undefined,
})

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400, w: 604_800 }
const BYTES: Readonly<Record<string, number>> = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9 }

/** `7d`, `12h`, `30min`, in milliseconds. */
export const duration: ValueKind<number> = {
  hint: 'DURATION',
  expected: 'a duration such as 7d, 12h or 30min',
  read(value) {
    const [, count, unit = ''] = /^(\d+)(s|m|min|h|d|w)$/.exec(value) ?? []
    return count === undefined ? undefined : Number(count) * (SECONDS[unit] ?? 0) * 1000
  },
}

/** A duration that Node's timers support: 1 second to 24 days. */
export const interval: ValueKind<number> = {
  hint: 'DURATION',
  expected: 'a duration from 1s to 24d, such as 1h',
  read(value) {
    const ms = duration.read(value)
    return ms !== undefined && ms >= 1000 && ms < 2 ** 31 ? ms : undefined
  },
}

/** `20MB/s`, `500kB/s`, in bytes per second. */
export const rate: ValueKind<number> = {
  hint: 'RATE',
  expected: 'a rate such as 20MB/s',
  read(value) {
    const [, count, unit = ''] = /^(\d+(?:\.\d+)?)(b|kb|mb|gb)(?:\/s)?$/i.exec(value) ?? []
    return count === undefined ? undefined : Number(count) * (BYTES[unit.toLowerCase()] ?? 0)
  },
}

/** One id in the form of RFC 9562, or `all`. */
export const uuidOrAll: ValueKind<string> = {
  hint: 'ID|all',
  expected: 'a UUID or all',
  read: (value) => (value === 'all' || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value) ? value : undefined),
}

/** Names separated by commas. */
export const names = (hint: string): ValueKind<readonly string[]> => ({
  hint,
  expected: `names separated by commas (${hint})`,
  read(value) {
    const all = value.split(/[\s,]+/).filter((name) => name !== '')
    return all.length > 0 ? all : undefined
  },
})
